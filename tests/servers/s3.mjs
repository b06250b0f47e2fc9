// An S3 server on loopback that keeps everything in memory: node s3.mjs FOLDER_WITH_NODE_MODULES. Prints its port; ends when standard input does.
// The package's own start listens on every interface and needs a newer Node for other services, so only its S3 part is used.
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const folder = process.argv[2];
const load = (path) => import(pathToFileURL(path).href);
const { default: fastify } = await load(createRequire(join(folder, "package.json")).resolve("fastify"));
const { S3Store } = await load(join(folder, "node_modules/fauxqs/dist/s3/s3Store.js"));
const { registerS3Routes } = await load(join(folder, "node_modules/fauxqs/dist/s3/s3Router.js"));

const server = fastify({ bodyLimit: 1 << 30, forceCloseConnections: true });
server.removeAllContentTypeParsers();
server.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
registerS3Routes(server, new S3Store());
console.log(new URL(await server.listen({ port: 0, host: "127.0.0.1" })).port);
process.stdin.resume().on("close", () => process.exit(0)).on("end", () => process.exit(0));
