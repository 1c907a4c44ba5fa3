// A function with the usual libraries of Node.js, up to `ready`. The environment names the runtime API.
const http = require("http");
require("sharp");
const COS = require("cos-nodejs-sdk-v5");

new COS({ SecretId: "id", SecretKey: "key" });
const api = { host: process.env.SCF_RUNTIME_API, port: process.env.SCF_RUNTIME_API_PORT };
const request = http.request({ ...api, method: "POST", path: "/runtime/init/ready" }, (answer) => answer.resume());
request.end(" ");
