// Runs the script of the page /verify without a browser: node verify.mjs SCRIPT FILE KEY...
import { readFileSync } from "node:fs";

const [script, file, ...keys] = process.argv.slice(2);
const { read, checkEvidence } = new Function(`${readFileSync(script, "utf8")}; return { read, checkEvidence };`)();
const result = { about: null, fails: "" };
try {
  result.about = await checkEvidence(await read(new Uint8Array(readFileSync(file))), keys);
} catch (error) {
  result.fails = `${error.constructor.name}: ${error.message}`;
}
console.log(JSON.stringify(result));
