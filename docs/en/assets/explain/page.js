// The page that explains a pasted reply. All of it happens in the browser: the rules and the sentences are two files
// of this site, and nothing that is pasted leaves the page. Loaded everywhere, it does nothing on other pages.

const root = document.getElementById("explain");
if (root) start(root);

async function start(place) {
  const input = place.querySelector("textarea");
  const output = place.querySelector("output");
  const share = place.querySelector("button.explain-share");
  const told = place.querySelector(".explain-told");
  let tools = null;
  try {
    tools = await load();
  } catch {
    output.textContent = place.dataset.failed;
    return;
  }
  const { reader, classifier, words, data } = tools;

  const show = () => {
    const text = input.value;
    told.textContent = "";
    share.disabled = !text.trim();
    const bounces = reader.bounces(text);
    output.replaceChildren();
    if (!bounces.length) {
      output.append(element("p", words.ui.nothing, "explain-quiet"));
      return;
    }
    if (bounces.length > 1) output.append(element("p", words.ui.several.replace("{count}", bounces.length)));
    const seen = new Set();
    for (const bounce of bounces) {
      const verdict = classifier.classify(bounce);
      const key = `${verdict.reason} ${verdict.rule} ${bounce.reply.text}`;
      if (seen.has(key) || seen.size >= 20) continue;
      seen.add(key);
      output.append(section(bounce.reply, verdict, words, data, seen.size === 1));
    }
  };

  let later = 0;
  input.addEventListener("input", () => {
    clearTimeout(later);
    later = setTimeout(show, 120);
  });
  place.querySelector("button.explain-clear").addEventListener("click", () => {
    input.value = "";
    history.replaceState(null, "", location.pathname + location.search);
    show();
    input.focus();
  });
  share.addEventListener("click", async () => {
    const link = new URL(location.href);
    link.hash = `reply=${encodeURIComponent(input.value)}`;
    history.replaceState(null, "", link);
    try {
      await navigator.clipboard.writeText(link.href);
      told.textContent = words.ui.copied;
    } catch {
      told.textContent = link.href; // the clipboard is closed to us: the link stands there to be copied by hand
    }
  });
  const shared = () => {
    const found = /^#reply=(.*)$/s.exec(location.hash);
    if (found) input.value = decoded(found[1]);
    show();
  };
  window.addEventListener("hashchange", shared);
  shared();
  place.dataset.ready = "yes";
}

async function load() {
  const lang = (document.documentElement.lang || "en").slice(0, 2);
  const [data, words, { Reader }, { Classifier }] = await Promise.all([
    json("rules.json"), json(`sentences-${lang}.json`), import("./reading.js"), import("./verdict.js"),
  ]);
  return { data, words, reader: new Reader(data), classifier: new Classifier(data) };
}

async function json(name) {
  const answer = await fetch(new URL(name, import.meta.url));
  if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
  return answer.json();
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

// ------------------------------------------------------------------ what is shown; text only, never markup

function section(reply, verdict, words, data, open) {
  const { ui } = words;
  const [title, sentence] = words.reasons[verdict.reason];
  const provider = data.providers[verdict.provider]?.kind === "generic" ? "" : data.providers[verdict.provider]?.name ?? "";
  const made = element("section", "", `explain-verdict explain-${mark(verdict)[1]}`);
  made.dataset.reason = verdict.reason;
  const head = element("h2", "");
  head.append(element("span", mark(verdict)[0], "explain-mark"), ` ${words.categories[verdict.category]} · ${title}`);
  const codes = [provider, reply.code, reply.enhanced, word(words, "Confidence", verdict.confidence)];
  made.append(head, element("p", codes.filter(Boolean).join(" · "), "explain-quiet"));
  made.append(element("p", sentence.replace("{provider}", provider || ui.server)));
  const facts = element("dl", "");
  if (verdict.message) fact(facts, ui.message, word(words, "MessageAction", verdict.message, 1));
  fact(facts, ui.address, word(words, "AddressAction", verdict.address, 1));
  fact(facts, ui.owner, word(words, "Owner", verdict.owner, 1));
  const why = verdict.matched ? `“${verdict.matched}”` : word(words, "Basis", verdict.basis, 1);
  fact(facts, ui.because, verdict.rule ? `${why} (${ui.rule.replace("{id}", verdict.rule)})` : why);
  if (verdict.also.length) fact(facts, ui.also, verdict.also.map((reason) => words.reasons[reason][0]).join("; "));
  made.append(facts);
  if (!verdict.rule) made.append(...codeNotes(reply, words));
  made.append(...steps(verdict, words, data, open));
  const more = element("p", "");
  more.append(link(`../reasons/${verdict.reason}/`, ui.more));
  made.append(more);
  return made;
}

function mark(verdict) {
  if (verdict.confidence === "none") return ["?", "unknown"];
  if (!verdict.message) return ["–", "none"];
  return verdict.message === "retry" ? ["!", "warn"] : ["✗", "fail"];
}

function word(words, group, value, form = 0) {
  return (words.words[`${group}.${value}`] ?? [value, value])[form];
}

function codeNotes(reply, words) {
  const enhanced = reply.enhanced ? `X${reply.enhanced.slice(1)}` : null;
  return [[reply.enhanced, enhanced], [reply.code, String(reply.code)]]
    .filter(([, key]) => key && words.codes[key])
    .map(([shown, key]) => element("p", `${shown}: ${words.codes[key]}`));
}

function steps(verdict, words, data, open) {
  const wanted = [...new Set([...(verdict.ruleEntry?.fixes ?? []), ...data.reasons[verdict.reason][5]])];
  if (!wanted.length) return [];
  const list = element("ol", "", "explain-steps");
  wanted.forEach((id, number) => {
    const [title, owner, all] = words.fixes[id];
    const item = document.createElement("li");
    const box = document.createElement("details");
    box.open = open && number < 2;
    const summary = document.createElement("summary");
    summary.append(element("strong", filled(title)), ` (${owner})`);
    box.append(summary);
    for (const step of all.filter(([, , provider]) => !provider || provider === verdict.provider)) box.append(one(step));
    const page = element("p", "");
    page.append(link(`../fixes/${id}/`, id));
    box.append(page);
    item.append(box);
    list.append(item);
  });
  return [element("h3", words.ui.steps), list];
}

function one([title, why, , command, url, record]) {
  const made = element("div", "", "explain-step");
  made.append(element("p", filled(title)));
  if (why) made.append(element("p", filled(why), "explain-quiet"));
  if (record) made.append(element("pre", filled(`${record[0]}  ${record[1]}  ${record[2]}`)));
  if (command) made.append(element("pre", filled(command)));
  if (url && !url.includes("{")) {
    const line = element("p", "");
    line.append(link(url, url));
    made.append(line);
  }
  return made;
}

/** As the command line shows it where nothing is known of the sender. */
function filled(text) {
  return text.replace(/\{([a-z_]+)\}/g, (_, name) => `YOUR-${name.toUpperCase().replaceAll("_", "-")}`);
}

function fact(list, label, text) {
  list.append(element("dt", label), element("dd", text));
}

function link(href, text) {
  const made = element("a", text);
  made.href = href;
  if (/^https?:/.test(href)) made.rel = "noopener noreferrer";
  return made;
}

function element(name, text, classes = "") {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  if (classes) made.className = classes;
  return made;
}
