// sharp, as a worker of scripts/bench. Jobs and answers: see libraries.py.
const sharp = require('sharp');
const readline = require('readline');

sharp.cache(false);

async function thumbnail({ src, dst, box, fmt, q }) {
  const picture = sharp(src, { limitInputPixels: false })
    .autoOrient()
    .resize(box, box, { fit: 'inside', withoutEnlargement: true });
  await (fmt === 'png' ? picture.png() : picture.flatten({ background: '#fff' }).jpeg({ quality: q })).toFile(dst);
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
