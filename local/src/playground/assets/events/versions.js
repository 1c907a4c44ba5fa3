// Versions of the source: the photo with a number on it, so that a thumbnail shows which one it was made of.

// Longest side of a version, pixels.
const SIDE = 1200;

export async function numbered(photo, number) {
  const image = await pixels(photo);
  const scale = image ? Math.min(1, SIDE / Math.max(image.width, image.height)) : 1;
  const [width, height] = image ? [image.width * scale, image.height * scale].map(Math.round) : [SIDE, 800];
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  context.fillStyle = `hsl(${(number * 67) % 360} 45% 45%)`;
  context.fillRect(0, 0, width, height);
  if (image) context.drawImage(image, 0, 0, width, height);
  const radius = Math.min(width, height) * 0.28;
  context.beginPath();
  context.arc(width / 2, height / 2, radius, 0, 2 * Math.PI);
  context.fill();
  context.fillStyle = "#fff";
  context.font = `bold ${radius * 1.3}px sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(String(number), width / 2, height / 2, radius * 1.6);
  return { blob: await canvas.convertToBlob({ type: "image/jpeg", quality: 0.9 }), type: "image/jpeg" };
}

// The photo as pixels; null without a photo, and for formats that this browser cannot show.
async function pixels(photo) {
  if (!photo) return null;
  try {
    return await createImageBitmap(photo.blob);
  } catch {
    return null;
  }
}
