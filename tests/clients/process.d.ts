// The one thing of Node that nearest.ts uses, so that Node's own types need not be installed.
declare const process: { argv: string[] };
