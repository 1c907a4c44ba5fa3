// sharp, as a worker of scripts/bench. Jobs and answers: see libraries.py.
const sharp = require('sharp');
const readline = require('readline');

sharp.cache(false);

const resize = (picture, box) => picture.resize(box, box, { fit: 'inside', withoutEnlargement: true });
const read = (src, box) => resize(sharp(src, { limitInputPixels: false }).autoOrient(), box);
const write = (picture, path, { fmt, q }) =>
  (fmt === 'png' ? picture.png() : picture.flatten({ background: '#fff' }).jpeg({ quality: q })).toFile(path);

async function thumbnail(job) {
  if (job.mode !== 'multi') {
    await write(read(job.src, job.box), job.dst, job);
    return;
  }
  const { data, info } = await read(job.src, job.sides[0]).raw().toBuffer({ resolveWithObject: true });
  for (const side of job.sides) await write(resize(sharp(data, { raw: info }), side), `${job.dst}.${side}.${job.fmt}`, job);
}

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const job = JSON.parse(line);
    const before = process.cpuUsage();
    let err = null;
    try {
      if (job.src) await thumbnail(job);
    } catch (error) {
      err = String(error).slice(0, 200);
    }
    const { user, system } = process.cpuUsage(before);
    console.log(JSON.stringify({ err, cpu_ms: (user + system) / 1e3, rss_kb: process.resourceUsage().maxRSS }));
  }
}

main();
