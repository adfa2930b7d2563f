// SPDX-License-Identifier: Apache-2.0
// A subject whose strings are all malicious markup, for page_test.mjs.
import {createInterface} from "node:readline";

const attack = (where) => `</script><img src=x onerror="hacked='${where}'">`;
console.log(JSON.stringify({subject: attack("subject")}));
let n = 0;
for await (const line of createInterface({input: process.stdin})) {
  const {case: id} = JSON.parse(line);
  const kind = n++ % 10 === 0 ? "error" : "unsupported";
  console.log(JSON.stringify({case: id, [kind]: attack(kind)}));
}
