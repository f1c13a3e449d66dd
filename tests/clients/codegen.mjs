// Makes typed documents of operations, as graphql-codegen does: node codegen.mjs SCHEMA OUT OPERATION…
import { readFileSync, writeFileSync } from "node:fs";

import { codegen } from "@graphql-codegen/core";
import * as typedDocumentNode from "@graphql-codegen/typed-document-node";
import * as typescriptOperations from "@graphql-codegen/typescript-operations";
import { buildSchema, parse } from "graphql";

const [schemaFile, filename, ...operations] = process.argv.slice(2);
const sdl = readFileSync(schemaFile, "utf8");
const text = "string";
const written = await codegen({
  schema: parse(sdl),
  schemaAst: buildSchema(sdl),
  documents: operations.map((location) => ({ location, document: parse(readFileSync(location, "utf8")) })),
  filename,
  config: {
    strictScalars: true,
    enumsAsTypes: true,
    useTypeImports: true,
    scalars: { Date: text, DateTime: text, Decimal: text, GeoJSON: "object", LanguageTag: text, Markdown: text, URL: text, _Any: "object" },
  },
  pluginMap: { typescriptOperations, typedDocumentNode },
  plugins: [{ typescriptOperations: {} }, { typedDocumentNode: {} }],
});
writeFileSync(filename, written);
