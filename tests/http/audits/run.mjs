// Audits the server at each address given, and prints what was found: {address: [{id, name, status, reason}, …]}.
import { auditServer } from "graphql-http";

const found = {};
for (const url of process.argv.slice(2)) {
  const audits = await auditServer({ url });
  found[url] = audits.map(({ id, name, status, reason }) => ({ id, name, status, reason: reason ?? null }));
}
console.log(JSON.stringify(found));
