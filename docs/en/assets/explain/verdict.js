// From a reply to a verdict: what deliverkit/bounces/{classify,codes,doubt,providers}.py do, on the same rules.

const [SPOKE, OTHER, GENERIC, FOREIGN] = [1, 2, 3, 4];
const UNKNOWN = "unknown.unclassified";
const MAX_LABELS = 12;
const category = (reason) => reason.split(".")[0];

export class Classifier {
  constructor(data) {
    this.data = data;
    this.providers = data.providers;
    const rules = data.rules.map(([id, provider, source, reason, code, enhanced, weight, coded, fixes = []], order) => (
      { id, provider, source, reason, code, enhanced, weight, coded: Boolean(coded), fixes, order }));
    const isGeneric = (rule) => this.providers[rule.provider]?.kind === "generic";
    this.own = rules.filter((rule) => !isGeneric(rule)).map((rule, index) => ({ ...rule, index }));
    this.generic = rules.filter(isGeneric).map((rule, index) => ({ ...rule, index }));
    this.marks = Object.entries(this.providers).flatMap(([id, p]) => p.marks.map((mark) => [new RegExp(mark), id]));
    this.suffixes = new Map();
    this.starred = [];
    for (const [id, p] of Object.entries(this.providers)) {
      for (const pattern of p.mx) {
        const low = pattern.toLowerCase();
        if (low.includes("*")) this.starred.push([low.split(".").reverse(), id]);
        else if (!this.suffixes.has(low)) this.suffixes.set(low, id);
      }
    }
    this.senderSide = new RegExp(data.doubt[0]);
    this.anotherCause = new RegExp(data.doubt[1]);
    this.addressCodes = new Set(data.doubt[2]);
    this.lasting = new Set(data.lasting);
    this.vague = new Set(data.vague);
  }

  classify({ reply, mx, phase }) {
    const line = bytes(reply.text);
    const byMx = mx ? this.ofHost(mx) : null;
    const marked = this.marks.find(([pattern]) => pattern.test(line))?.[1] ?? null;
    const provider = byMx ?? marked;
    const fits = (rule) =>
      (rule.code === null || rule.code === reply.code) && (rule.enhanced === null || rule.enhanced === reply.enhanced);
    const matches = (rule) => {
      rule.pattern ??= new RegExp(rule.source);
      return rule.pattern.test(line);
    };
    const own = this.own.filter((rule) => fits(rule) && matches(rule)).map((rule) => this.candidate(rule, provider, byMx));
    own.sort(before);
    const byCode = this.byCode(reply, provider, phase);
    let found = own;
    const decided = own.length > 0 && own[0].rank !== FOREIGN;
    if (!decided && !(byCode.provider && !this.areRivals(byCode.provider, provider))) {
      const phrases = this.generic.filter((rule) => fits(rule) && matches(rule));
      found = [...own, ...phrases.map((rule) => ({ rank: GENERIC, phraseOnly: 1, lightness: 0, order: rule.index, rule }))];
      found.sort(before);
    }
    const verdict = this.decide(reply, found, provider, byCode);
    verdict.matched = this.words(verdict, reply, line);
    return this.doubted(verdict, reply, line);
  }

  candidate(rule, provider, byMx) {
    let rank = OTHER;
    if (rule.provider === provider) rank = SPOKE;
    else if (this.areRivals(rule.provider, byMx)) rank = FOREIGN;
    return { rank, phraseOnly: rule.coded ? 0 : 1, lightness: -rule.weight, order: rule.index, rule };
  }

  decide(reply, found, provider, byCode) {
    let { reason, confidence, basis } = byCode;
    let rule = null;
    let who = provider;
    if (found.length) {
      ({ rule } = found[0]);
      ({ reason } = rule);
      basis = "rule";
      confidence = this.confidence(found, byCode.telling ? byCode.reason : null);
      if (this.providers[rule.provider]?.kind !== "generic") who ??= rule.provider;
    } else who ??= byCode.provider;
    const policy = this.data.reasons[reason];
    const [message, address] = this.actions(policy, reason, reply, confidence);
    const others = [...new Set([...found.slice(1).map((c) => c.rule.reason),
      ...(byCode.confidence !== "none" && byCode.reason !== UNKNOWN ? [byCode.reason] : [])])];
    return {
      reason, category: category(reason), confidence, basis, provider: who, rule: rule?.id ?? null, ruleEntry: rule,
      message, address, owner: policy[4], also: others.filter((other) => other !== reason).slice(0, 3),
    };
  }

  confidence(found, byCode) {
    const best = found[0];
    const heavy = best.rule.weight;
    const sure = this.data.sureWeight;
    if (best.rank === FOREIGN) return heavy >= 2 * sure ? "likely" : "weak";
    const own = category(best.rule.reason);
    const agreed = byCode === best.rule.reason;
    const rivals = found.some((c) => c.rank === best.rank && c.order !== best.order && category(c.rule.reason) !== own);
    if (rivals && !agreed) return "likely";
    if (best.rank === SPOKE) return "sure";
    if (best.rank === OTHER) return heavy >= sure || agreed ? "sure" : "likely";
    if (byCode && category(byCode) !== own) return "likely";
    return this.vague.has(best.rule.reason) && !agreed ? "likely" : "sure";
  }

  actions([on4, on5, address4, address5], reason, { code, enhanced }, confidence) {
    let permanent;
    if (code !== null) permanent = code >= 500;
    else if (enhanced !== null) permanent = enhanced[0] === "5";
    else permanent = on5 === "drop" || on4 !== "retry" || this.lasting.has(reason);
    const message = permanent ? on5 : on4;
    let address = permanent ? address5 : address4;
    const unproven = !permanent || enhanced?.[0] === "4" || confidence === "weak" || confidence === "none";
    if (address === "suppress" && unproven && category(reason) !== "not_a_bounce") address = "review";
    return [message, address];
  }

  doubted(verdict, reply, line) {
    if (verdict.address !== "suppress" || verdict.category === "not_a_bounce") return verdict;
    const kind = this.providers[verdict.ruleEntry?.provider]?.kind;
    if (verdict.rule && kind !== "generic" && kind !== "mta") return verdict;
    const enhanced = verdict.rule ? reply.enhanced : null;
    const doubtful = this.senderSide.test(line) || (!this.addressCodes.has(enhanced) && this.anotherCause.test(line));
    if (!doubtful) return verdict;
    return { ...verdict, address: "review", confidence: verdict.confidence === "sure" ? "likely" : verdict.confidence };
  }

  /** The words that decided: those of the rule, else the code. */
  words({ ruleEntry, basis }, reply, line) {
    if (!ruleEntry) return { enhanced_code: reply.enhanced, reply_code: String(reply.code) }[basis] ?? "";
    const match = ruleEntry.pattern.exec(line);
    const raw = bytes(reply.text, false).slice(match.index, match.index + match[0].length);
    return new TextDecoder().decode(Uint8Array.from(raw, (char) => char.charCodeAt(0))).trim().slice(0, 500);
  }

  // ---------------------------------------------------------------- codes.py

  byCode({ code, enhanced }, provider, phase) {
    const nothing = { reason: UNKNOWN, confidence: "none", basis: "nothing", telling: false, provider: null };
    if ((code && code < 400) || (code === null && enhanced?.[0] === "2")) {
      if (code && code !== 250 && code !== 251) return nothing;
      return { ...nothing, reason: "not_a_bounce.delivered", confidence: "likely", basis: code ? "reply_code" : "enhanced_code" };
    }
    if (enhanced && enhanced[0] !== "2") {
      const found = this.byReuse(enhanced, provider) ?? this.byEnhanced(enhanced, phase);
      if (found) return found;
    }
    const basic = code ? this.data.basic[String(code)] : null;
    return basic ? { ...nothing, reason: basic, confidence: "weak", basis: "reply_code" } : nothing;
  }

  byReuse(enhanced, provider) {
    const found = provider && this.data.reuse.find(([who, codes]) => who === provider && codes.includes(enhanced));
    if (!found || !found[2]) return null;
    return { reason: found[2], confidence: "likely", basis: "enhanced_code", telling: true, provider: null };
  }

  byEnhanced(enhanced, phase) {
    const spec = this.enhancedCode(enhanced);
    if (!spec) return null;
    const [plain, temporary, ambiguous, provider] = spec;
    const reason = (enhanced[0] === "4" ? temporary : null) ?? plain;
    if (!reason) return null;
    let telling = !ambiguous;
    if (this.data.phases.before.includes(phase) && /^(invalid_address\.|mailbox_)/.test(reason)) telling = false;
    if (this.data.phases.after.includes(phase) && reason.startsWith("invalid_address.")) telling = false;
    return { reason, confidence: telling ? "likely" : "weak", basis: "enhanced_code", telling, provider: telling ? provider : null };
  }

  enhancedCode(code) {
    const parts = code.split(".");
    if (parts.length !== 3 || !parts.slice(1).every((part) => /^\d+$/.test(part))) return null;
    const short = parts.every((part) => part.length <= 3);
    const own = short ? this.data.enhanced[`X.${Number(parts[1])}.${Number(parts[2])}`] : null;
    if (own || parts[2].length !== 3) return own ?? null;
    const range = this.data.enhanced[`X.${parts[1]}.${parts[2][0]}00`];
    return range?.[4] ? range : null;
  }

  // ---------------------------------------------------------------- providers.py

  areRivals(one, other) {
    const [a, b] = [this.providers[one], this.providers[other]];
    return a?.kind === "mailbox" && b?.kind === "mailbox" && (a.family || one) !== (b.family || other);
  }

  ofHost(host) {
    const labels = host.toLowerCase().replace(/\.+$/, "").split(".").slice(-MAX_LABELS);
    const backwards = [...labels].reverse();
    for (const [pattern, provider] of this.starred) {
      if (pattern.length <= backwards.length && pattern.every((p, i) => p === "*" || p === backwards[i])) return provider;
    }
    for (let start = 0; start < labels.length; start++) {
      const provider = this.suffixes.get(labels.slice(start).join("."));
      if (provider) return provider;
    }
    return null;
  }
}

function before(a, b) {
  return a.rank - b.rank || a.phraseOnly - b.phraseOnly || a.lightness - b.lightness || a.order - b.order;
}

/** The UTF-8 bytes of a text, each as one character; A to Z in lower case, as rules are matched. */
function bytes(text, lower = true) {
  const all = new TextEncoder().encode(text);
  let made = "";
  for (const byte of all) made += String.fromCharCode(byte);
  return lower ? made.replace(/[A-Z]/g, (char) => char.toLowerCase()) : made;
}
