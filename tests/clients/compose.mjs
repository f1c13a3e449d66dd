// Composes subgraphs to a supergraph, as a gateway of Apollo Federation does: node compose.mjs NAME=FILE…
import { readFileSync } from "node:fs";

import { composeServices } from "@apollo/composition";
import { parse } from "graphql";

const services = process.argv.slice(2).map((word) => {
  const [name, file] = word.split("=");
  return { name, url: `https://${name}.example.org/graphql`, typeDefs: parse(readFileSync(file, "utf8")) };
});
const { errors, supergraphSdl } = composeServices(services);
for (const { message } of errors ?? []) console.error(message);
if (supergraphSdl) console.log(supergraphSdl);
process.exitCode = errors ? 1 : 0;
