// A thumbnail function as Node.js users write it well: sharp and the official COS SDK.
//
// Connections are kept, the source streams into sharp, and sharp keeps no cache between pictures. SIDES names the longest
// sides of the thumbnails.
const http = require("http");
const sharp = require("sharp");
const COS = require("cos-nodejs-sdk-v5");

sharp.cache(false);
const { env } = process;
const sides = env.SIDES.split(",").map(Number).sort((a, b) => b - a);
const cos = new COS({
  SecretId: env.TENCENTCLOUD_SECRETID,
  SecretKey: env.TENCENTCLOUD_SECRETKEY,
  Protocol: "http:",
  Proxy: env.COS_ENDPOINT,
  KeepAlive: true,
});
const Region = env.TENCENTCLOUD_REGION;

// Makes and stores the thumbnails of one object from one stream.
async function thumbnails(Bucket, Key) {
  const picture = sharp({ limitInputPixels: false }).rotate();
  const stored = sides.map(async (side) => {
    const Body = await picture
      .clone()
      .resize(side, side, { fit: "inside", withoutEnlargement: true })
      .flatten({ background: "white" })
      .jpeg({ quality: 80 })
      .toBuffer();
    await cos.putObject({ Bucket: env.TARGET_BUCKET, Region, Key: `${side}/${Key}`, Body, ContentType: "image/jpeg" });
  });
  await Promise.all([cos.getObject({ Bucket, Region, Key, Output: picture }), ...stored]);
}

// Handles the message of a trigger.
async function handle(event) {
  for (const { cos: { cosBucket, cosObject } } of event.Records) {
    const key = decodeURIComponent(cosObject.key).split("/").slice(3).join("/");
    await thumbnails(`${cosBucket.name}-${cosBucket.appid}`, key);
  }
  return "stored";
}

const agent = new http.Agent({ keepAlive: true });

function call(method, path, body) {
  return new Promise((resolve, reject) => {
    const options = { agent, host: env.SCF_RUNTIME_API, port: env.SCF_RUNTIME_API_PORT, method, path };
    const request = http.request(options, (answer) => {
      const parts = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("end", () => resolve(Buffer.concat(parts).toString()));
    });
    request.on("error", reject);
    request.end(body);
  });
}

// Runs the loop of a custom runtime.
async function main() {
  await call("POST", "/runtime/init/ready", " ");
  for (;;) {
    const event = JSON.parse(await call("GET", "/runtime/invocation/next"));
    try {
      await call("POST", "/runtime/invocation/response", await handle(event));
    } catch (error) {
      await call("POST", "/runtime/invocation/error", String(error.message || JSON.stringify(error)));
    }
  }
}

main();
