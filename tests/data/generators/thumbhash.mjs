// Hashes of some images by the npm package thumbhash, and what it decodes from them: node thumbhash.mjs >../thumbhash.txt
//
// A line has the file, its hash in base64, and the decoded picture averaged to 4 x 3 colours, row by row. Needs the npm
// packages thumbhash and pngjs.
import { readFileSync } from "node:fs";
import { PNG } from "pngjs";
import { rgbaToThumbHash, thumbHashToRGBA } from "thumbhash";

const FILES = ["kodim23-768x512.png", "pngsuite/basn2c08.png", "pngsuite/basn0g08.png", "pngsuite/basn6a08.png", "rgba.png"];

// The picture averaged to w x h, weighted by alpha; a pixel counts where its top left corner lies.
function averaged({ width, height, data }, w, h) {
  const sums = Array.from({ length: w * h }, () => [0, 0, 0, 0, 0]);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const sum = sums[Math.floor((y * h) / height) * w + Math.floor((x * w) / width)];
      const [r, g, b, a] = data.subarray(4 * (y * width + x), 4 * (y * width + x) + 4);
      [r * a, g * a, b * a, a, 1].forEach((value, i) => (sum[i] += value));
    }
  const rounded = (sum, by) => Math.floor((sum + Math.floor(by / 2)) / Math.max(by, 1));
  return sums.map(([r, g, b, a, n]) => [rounded(r, a), rounded(g, a), rounded(b, a), rounded(a, n)]);
}

for (const file of FILES) {
  const picture = PNG.sync.read(readFileSync(new URL(`../${file}`, import.meta.url)));
  const longer = Math.max(picture.width, picture.height);
  const [w, h] = [picture.width, picture.height].map((side) => Math.max(1, Math.min(side, Math.floor((side * 100) / longer))));
  const hash = rgbaToThumbHash(w, h, averaged(picture, w, h).flat());
  const { w: width, h: height, rgba } = thumbHashToRGBA(hash);
  const cells = averaged({ width, height, data: rgba }, 4, 3);
  const grid = cells.map((cell) => cell.map((value) => value.toString(16).padStart(2, "0")).join(""));
  console.log([file, Buffer.from(hash).toString("base64"), ...grid].join(" "));
}
