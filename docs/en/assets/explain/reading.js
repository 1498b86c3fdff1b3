// From a pasted text to replies: what deliverkit/bounces/{clean,reply,pasted}.py do, with the same patterns, which
// come as data. Nothing here asks anything of anybody.

const MAX_INPUT = 1_000_000;
const MAX_REPLY = 65_536;
const MAX_TEXT = 8_000;
const MAX_CANDIDATES = 200;
const MAX_BOUNCES = 1_000;
const MAX_BEFORE = 5;
const RAGGED = new Set(" \"'>})]");
const ENTITIES = {
  "&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&nbsp;": " ", "&#39;": "'", "&#34;": '"', "&#x27;": "'",
  "&#60;": "<", "&#62;": ">", "&amp;": "&",
};
const JSON_CHARS = { n: "\n", r: "\n", t: " ", '"': '"', "/": "/", "'": "'" };
const PHASE_OF = {
  EHLO: "ehlo", HELO: "ehlo", LHLO: "ehlo", AUTH: "auth", MAIL: "mail", RCPT: "rcpt", DATA: "data", ".": "eod",
};

function fromOctal(match) {
  const bytes = match[0].slice(1).split("\\").map((digits) => parseInt(digits, 8));
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array(bytes));
  } catch {
    return match[0];
  }
}

export class Reader {
  constructor(data) {
    this.p = Object.fromEntries(
      Object.entries(data.patterns).map(([name, [source, flags]]) => [name, new RegExp(source, flags)]),
    );
    this.invisible = data.invisible;
    this.phases = data.phases.found.map(([source, phase]) => [new RegExp(source, "i"), phase]);
    this.hosts = data.hosts.map((list) => list.map((source) => new RegExp(source, "i")));
    this.named = new RegExp(data.named, "m");
    this.ip = new RegExp(`^(?:${data.ip})$`);
  }

  // ---------------------------------------------------------------- clean.py

  clean(given, limit = MAX_INPUT) {
    let text = [...given.slice(0, 2 * limit)].slice(0, limit).join("");
    text = replaceAll(text, this.p.clean_CSI, () => "").replaceAll("\r\n", "\n");
    return this.wash(text);
  }

  wash(text) {
    let made = "";
    for (const char of text) {
      const point = char.codePointAt(0);
      if (point === 0x0d || point === 0x85 || point === 0x2028 || point === 0x2029) made += "\n";
      else if (point >= 0xd800 && point <= 0xdfff) continue;
      else if (!this.invisible.some(([first, last]) => first <= point && point <= last)) made += char;
    }
    return made;
  }

  unescape(given) {
    let text = given;
    if (text.includes("&")) text = replaceAll(text, this.p.clean_ENTITY, (m) => ENTITIES[m[0]]);
    if (text.includes("\\")) {
      text = replaceAll(text, this.p.clean_OCTAL, fromOctal);
      text = replaceAll(text, this.p.clean_JSON_ESCAPE, (m) =>
        m[1] ? String.fromCharCode(parseInt(m[1], 16)) : m[2] ? JSON_CHARS[m[2]] : "\n");
      text = this.wash(text);
    }
    return text;
  }

  // ---------------------------------------------------------------- reply.py

  parse(text) {
    const p = this.p;
    if (text.length < 1000 && /^[\x20-\x7e]*$/.test(text)) {
      const match = at(p.reply_PLAIN, text);
      if (match && !RAGGED.has(text.at(-1)) && !["  ", "&", "\\", "in reply to", "stat"].some((w) => text.includes(w))) {
        const [, code, enhanced] = match;
        const once = (word) => text.split(word).length === 2;
        if (once(code) && (enhanced ? once(enhanced) : !p.reply_DOTTED.test(text))) {
          return { code: Number(code), enhanced: enhanced ?? null, text };
        }
      }
    }
    return this.read(text);
  }

  read(given) {
    const p = this.p;
    const raw = given.slice(0, MAX_REPLY);
    let words = this.unwrap(replaceAll(this.unescapeClean(raw), p.reply_QUOTE, () => "").trim());
    if (words.length > 1 && words[0] === words.at(-1) && "\"'".includes(words[0])) words = words.slice(1, -1).trim();
    if (words[0] === "[") {
      const match = p.reply_BRACKETED.exec(words);
      if (match) words = words.slice(0, match.index) + match[1] + words.slice(match.index + match[0].length);
    }
    if (words.includes(", ")) {
      const raised = p.reply_PYTHON.exec(words);
      if (raised) words = `${raised[1]} ${raised[3]}`;
    }
    const found = this.findCode(words);
    if (!found) return this.withoutCode(words);
    const [end, code, left] = found;
    const inLines = words[end] === "-";
    let body = this.firstParagraph(words.slice(end), code);
    let enhanced = null;
    const nearby = at(p.reply_NEXT_ENHANCED, body);
    if (nearby) {
      enhanced = nearby[1];
      body = body.slice(nearby[0].length);
    }
    let rest = fold(this.dropRepeats(body, code, enhanced, inLines));
    if (/^\s*[{[]/.test(raw)) rest = rest.replace(/["}\] ]+$/, "");
    if (rest.endsWith(">") && !rest.includes("<")) rest = rest.slice(0, -1);
    if (left) rest = `${left} ${rest}`;
    enhanced ??= this.firstEnhanced(rest);
    return { code: Number(code), enhanced, text: join(code, enhanced, rest) };
  }

  unescapeClean(raw) {
    return this.unescape(this.clean(raw));
  }

  withoutCode(words) {
    let rest = fold(replaceAll(words, this.p.reply_NO_CODE_LEFT, () => "").trim());
    const enhanced = this.firstEnhanced(rest);
    if (enhanced) {
      const bare = rest.replace(/^[#( <]+/, "");
      if (bare.startsWith(enhanced)) rest = bare.slice(enhanced.length).replace(/^[ \-:;)>]+/, "");
    }
    return { code: null, enhanced, text: join(null, enhanced, rest) };
  }

  unwrap(given) {
    const p = this.p;
    let words = given;
    let match = null;
    if (words.includes("status=")) {
      match = p.reply_LOG_STATUS.exec(words);
      if (match) words = match[1];
    } else if (words.includes("delivery ") && words.includes("_")) {
      match = p.reply_QMAIL_LOG.exec(words);
      if (match) words = match[1].replaceAll("_", " ").replace(/\/+$/, "");
    } else if (words.includes("stat=")) {
      match = p.reply_LOG_STAT.exec(words);
      if (match?.[1].trim()) words = match[1].trim();
    }
    return words.includes("in reply to") ? replaceAll(words, p.reply_IN_REPLY_TO, () => "") : words;
  }

  findCode(words) {
    const p = this.p;
    let best = null;
    let count = 0;
    for (const match of words.matchAll(global(p.reply_CODE))) {
      if (count++ >= MAX_CANDIDATES) break;
      const start = match.index;
      const end = start + match[0].length;
      const line = words.lastIndexOf("\n", start - 1) + (start ? 1 : 0);
      const begin = start ? line : 0;
      const left = words.slice(Math.max(begin, start - 200), start);
      const weight = this.weigh(match[1], left, words.slice(end, end + 24), begin === 0, words.length === 3);
      if (weight > (best ? best[0] : 0)) {
        const keep = weight >= 7 || p.reply_SAID_LEFT.test(left.slice(-80)) ? "" : fold(left).replace(/["'(<[ ]+$/, "");
        best = [weight, end, match[1], keep];
      }
    }
    if (!best) {
      const named = p.reply_CODE_AFTER_EQUALS.exec(words);
      return named ? [named.index + named[0].length, named[1], ""] : null;
    }
    return best.slice(1);
  }

  weigh(code, left, right, first, alone) {
    const p = this.p;
    if (alone) return 20;
    let weight = 0;
    if (p.reply_LINE_START.test(left)) weight += first ? 12 : 7;
    else if (p.reply_SAID_LEFT.test(left.slice(-80))) weight += 7;
    else if (p.reply_WORD_LEFT.test(left.slice(-40))) weight += 3;
    if (at(p.reply_NEXT_ENHANCED, right)) weight += 4;
    else if (right === "" || ".,".includes(right[0])) weight -= 6;
    else if (at(p.reply_UNIT_RIGHT, right)) weight -= 8;
    if ("23".includes(code[0])) weight -= 6;
    return weight;
  }

  firstParagraph(body, code) {
    if (!body.includes("\n")) return body;
    const kept = [];
    let gap = false;
    for (const line of body.split("\n")) {
      const bare = line.trim();
      if (!bare) {
        gap = kept.length > 0;
        continue;
      }
      if (gap && !bare.startsWith(code)) break;
      if (kept.length && "23".includes(bare[0]) && /^\d{3}/.test(bare) && !bare.startsWith(code)) break;
      if (/^(>>>|<<<) /.test(bare) && kept.length && !bare.slice(0, 8).includes(code)) break;
      gap = false;
      kept.push(bare);
    }
    return kept.join("\n");
  }

  dropRepeats(given, code, enhanced, inLines) {
    const p = this.p;
    let body = given;
    if (body.includes(code)) {
      let lines = body.split("\n");
      const glued = body.includes(` ${code}-`) ||
        (inLines && !lines.slice(1).some((line) => line.startsWith(`${code} `)));
      body = lines.map((line) => this.stripCode(line, code)).join("\n");
      body = replaceAll(body, p.reply_REPEAT, (m) => (m[1] === code ? " " : m[0]));
      if (glued) {
        body = replaceAll(body, p.reply_LAST_LINE, (m) => (m[1] === code ? " " : m[0]));
        const pieces = body.split(new RegExp(`\\s${code}\\s`));
        const after = pieces.pop();
        const unit = at(p.reply_UNIT_RIGHT, after);
        if (pieces.length && (!unit || after[unit[0].length] === "@")) body = `${pieces.join(` ${code} `)} ${after}`;
      }
    }
    if (enhanced && body.includes(enhanced)) {
      const again = new RegExp(`(?<![^\\sa-z.,:])#?${enhanced.replaceAll(".", "\\.")}(?=\\s)`, "g");
      body = body.replace(again, " ");
    }
    return body.replace(/^[ \t\-:;]+/, "");
  }

  stripCode(line, code) {
    const match = at(this.p.reply_STRIP, line);
    return match && match[1] === code ? line.slice(match[0].length) : line;
  }

  firstEnhanced(text) {
    for (const match of text.slice(0, MAX_TEXT).matchAll(global(this.p.reply_ANY_ENHANCED))) {
      if (!this.p.reply_VERSION_LEFT.test(text.slice(Math.max(0, match.index - 16), match.index))) return match[1];
    }
    return null;
  }

  // ---------------------------------------------------------------- pasted.py

  bounces(text) {
    const words = this.unescapeClean(text);
    if (!words.trim()) return [];
    const pieces = this.pieces(words);
    if (!pieces.length) return [this.bounce(words.trim().slice(0, MAX_REPLY), null, "")];
    const found = pieces.map(([piece, command, before]) => this.bounce(piece, command, before));
    const failed = found.filter((b) => b.reply.code === null || b.reply.code >= 400);
    return failed.length ? failed : found;
  }

  pieces(words) {
    const p = this.p;
    const found = [];
    let kept = [];
    let before = [];
    let named = "";
    let size = 0;
    let code = null;
    let openLine = false;
    let command = null;
    for (const line of words.split("\n")) {
      const bare = line.replace(p.pasted_QUOTES, "").trim();
      const asked = at(p.pasted_COMMAND, line);
      const coded = asked ? null : at(p.pasted_CODED, bare);
      const begins = !asked && Boolean(coded || p.pasted_LOG_LINE.test(bare) || at(p.pasted_ENHANCED_LINE, bare));
      const goesOn = kept.length > 0 && coded !== null && coded[1] === code && openLine;
      if (kept.length && ((begins && !goesOn) || !bare || asked)) {
        found.push([kept.join("\n"), command, named]);
        if (found.length >= MAX_BOUNCES) return found;
        kept = [];
        size = 0;
      }
      if (asked) command = PHASE_OF[asked[1].toUpperCase()];
      else if (begins && !goesOn) {
        kept = [bare];
        size = bare.length;
        named = before.join("\n");
        before = [];
        code = coded ? coded[1] : null;
      } else if (kept.length && bare && size < MAX_REPLY) {
        kept.push(bare);
        size += bare.length;
      } else if (bare) before = [...before.slice(1 - MAX_BEFORE), bare.slice(0, 1000)];
      if (coded) openLine = coded[2] === "-";
    }
    if (kept.length) found.push([kept.join("\n"), command, named]);
    return found;
  }

  bounce(piece, command, before) {
    const head = piece.slice(0, 8_000);
    const above = head.includes("@") || before.includes("@") ? this.named.exec(`${before}\n${head}`) : null;
    const hosts = head.includes("[") || head.toLowerCase().includes("remote-mta");
    let mx = null;
    if (hosts) mx = this.host(first(this.hosts[0], head));
    else if (above) mx = this.host(first(this.hosts[1], before));
    return { reply: this.parse(piece), mx, phase: this.phase(head) ?? command ?? (above ? this.phase(before) : null) };
  }

  host(name) {
    return name && name.includes(".") && !this.ip.test(name) ? name.toLowerCase() : null;
  }

  phase(text) {
    if (!this.p.pasted_PHASE_WORDS.test(text)) return null;
    return this.phases.find(([pattern]) => pattern.test(text))?.[1] ?? null;
  }
}

const made = new Map();

function derived(pattern, flag) {
  const key = `${flag}${pattern.flags}/${pattern.source}`;
  if (!made.has(key)) made.set(key, new RegExp(pattern.source, pattern.flags + flag));
  return made.get(key);
}

/** Python's ``match``: at the beginning, nowhere else. */
function at(pattern, text) {
  const sticky = derived(pattern, "y");
  sticky.lastIndex = 0;
  return sticky.exec(text);
}

function global(pattern) {
  return derived(pattern, "g");
}

function replaceAll(text, pattern, make) {
  return text.replace(global(pattern), (...given) => make(given));
}

function first(patterns, text) {
  for (const pattern of patterns) {
    const match = pattern.exec(text);
    if (match) return match[1];
  }
  return null;
}

function fold(text) {
  return text.split(/\s+/).filter(Boolean).join(" ");
}

function join(code, enhanced, rest) {
  return [code, enhanced, rest.trim()].filter(Boolean).join(" ").slice(0, MAX_TEXT).trimEnd();
}
