// PostGraphile at its best on Waypost's tables: `node server.mjs PORT PROCESSES`, DATABASE_URL in the environment.
import cluster from "node:cluster";
import { createServer } from "node:http";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafserv } from "postgraphile/grafserv/node";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { jsonPgSmartTags } from "postgraphile/utils";
import { postgraphile } from "postgraphile";

const [port, processes] = process.argv.slice(2).map(Number);
const POOL = 8; // connections a process, as many as Waypost's pool for reading

// Relations that the tables leave implicit, so that the peer needs one join less than their keys would ask for:
// what hangs on a badge's version is tied to the badge, and a link to a badge leads there also when it is borrowed.
const toVersion = { tags: { foreignKey: "(tenant_id,version_id) references public.badge (tenant_id,version_id)" } };
const toBadge = { tags: { foreignKey: "(home_tenant_id,badge_id) references public.badge (tenant_id,id)" } };
const tags = jsonPgSmartTags({
  version: 1,
  config: {
    class: {
      "public.badge": { tags: { unique: "tenant_id,version_id" } },
      "public.badge_skill": toVersion,
      "public.badge_text": toVersion,
      "public.criterion": toVersion,
      "public.opportunity_badge": toBadge,
      "public.step_badge": toBadge,
    },
  },
});

const preset = {
  extends: [PostGraphileAmberPreset],
  plugins: [tags],
  // What only writes, guards or edits: nothing of it is asked for here.
  disablePlugins: [
    "PgMutationCreatePlugin",
    "PgMutationUpdateDeletePlugin",
    "PgMutationPayloadEdgePlugin",
    "PgRBACPlugin",
    "PgJWTPlugin",
    "PgIndexBehaviorsPlugin", // it would hide orders that no index serves, and pathways need `position`
    "SubscriptionPlugin",
  ],
  pgServices: [
    makePgService({
      connectionString: process.env.DATABASE_URL,
      schemas: ["public", "peer"],
      poolConfig: { max: POOL, idleTimeoutMillis: 0 }, // it rests while others are measured, and stays warm
    }),
  ],
  grafserv: { graphiql: false, watch: false, websockets: false, outputDataAsString: true },
  schema: { defaultBehavior: "-connection +list" },
  grafast: { explain: false },
};

if (cluster.isPrimary && processes > 1) {
  for (let n = 0; n < processes; n++) cluster.fork();
  process.once("SIGTERM", () => {
    for (const worker of Object.values(cluster.workers)) worker.process.kill("SIGTERM");
    process.exit(0);
  });
} else {
  const server = createServer();
  await postgraphile(preset).createServ(grafserv).addTo(server);
  server.listen(port, "127.0.0.1");
  process.once("SIGTERM", () => process.exit(0));
}
