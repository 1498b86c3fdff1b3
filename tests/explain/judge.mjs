// Reads a JSON list of texts from stdin, prints what the explain page makes of each.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const folder = process.argv[2];
const { Reader } = await import(pathToFileURL(`${folder}/reading.js`));
const { Classifier } = await import(pathToFileURL(`${folder}/verdict.js`));
const data = JSON.parse(readFileSync(`${folder}/rules.json`, "utf8"));
const reader = new Reader(data);
const classifier = new Classifier(data);
const told = JSON.parse(readFileSync(0, "utf8")).map((text) =>
  reader.bounces(text).map((bounce) => {
    const v = classifier.classify(bounce);
    return [
      bounce.reply.code, bounce.reply.enhanced, bounce.reply.text, v.reason, v.confidence, v.rule, v.provider, v.message,
      v.address, v.matched,
    ];
  }));
process.stdout.write(JSON.stringify(told));
