// A front end in TypeScript: what is nearest, page by page. node nearest.ts GRAPH POSTCODE
import type { ResultOf, TypedDocumentNode, VariablesOf } from "@graphql-typed-document-node/core";
import { print } from "graphql";

import { BadgePageDocument, NearestDocument } from "./graph.ts";

const [graph, postcode] = process.argv.slice(2) as [string, string];

async function ask<Answer, Variables>(document: TypedDocumentNode<Answer, Variables>, variables: Variables): Promise<Answer> {
  const response = await fetch(graph, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/graphql-response+json" },
    body: JSON.stringify({ query: print(document), variables }),
  });
  const { data, errors } = (await response.json()) as { data: Answer; errors?: { message: string }[] };
  if (errors) throw new Error(errors.map(({ message }) => message).join("; "));
  return data;
}

const found: { title: string; metres: number | null }[] = [];
let after: string | null = null;
do {
  const page: ResultOf<typeof NearestDocument> = await ask(NearestDocument, { postcode, first: 5, after });
  for (const { distanceMetres, node } of page.discover.edges) found.push({ title: node.title, metres: distanceMetres });
  after = page.discover.pageInfo.hasNextPage ? page.discover.pageInfo.endCursor : null;
} while (after !== null);
console.log(JSON.stringify(found));

// What the types forbid. Each of these lines is a mistake that the compiler must find.
export function mistakes(answer: ResultOf<typeof NearestDocument>): void {
  // @ts-expect-error - a postcode is text
  const wrong: VariablesOf<typeof NearestDocument> = { postcode: 11 };
  // @ts-expect-error - the slug is needed
  const missing: VariablesOf<typeof BadgePageDocument> = {};
  // @ts-expect-error - the distance may be null
  const metres: number = answer.discover.edges[0]!.distanceMetres;
  // @ts-expect-error - the operation does not select it
  const summary = answer.discover.edges[0]!.node.summary;
  console.log(wrong, missing, metres, summary);
}
