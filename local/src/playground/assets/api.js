// Calls of the program behind the page.

export class CallError extends Error {}

export async function call(address, options) {
  let response;
  try {
    response = await fetch(address, options);
  } catch {
    throw new CallError("");
  }
  const answer = await response.json();
  if (!response.ok) throw new CallError(answer.error);
  return answer;
}

export function post(address, value, signal) {
  const headers = { "Content-Type": "application/json" };
  return call(address, { method: "POST", headers, body: JSON.stringify(value), signal });
}

export const readState = () => call("/api/state");

export const checkConfiguration = (configuration, region, source) =>
  post("/api/configuration", { configuration, region, source });

export function uploadPhoto(bucket, key, photo) {
  const query = `bucket=${encodeURIComponent(bucket)}&key=${encodeURIComponent(key)}`;
  const headers = { "Content-Type": photo.type };
  return call(`/api/photos?${query}`, { method: "POST", headers, body: photo.blob });
}

export const runFunction = (configuration, bucket, key) => post("/api/runs", { configuration, bucket, key });

export const previewThumbnails = (configuration, bucket, key) => post("/api/previews", { configuration, bucket, key });

export const readScores = (configuration, bucket, key, signal) => post("/api/scores", { configuration, bucket, key }, signal);

export const findLook = (values, signal) => post("/api/looks", values, signal);

export async function readSample(name) {
  const response = await fetch(sampleAddress(name));
  const blob = await response.blob();
  return new File([blob], name, { type: blob.type });
}

export const sampleAddress = (name) => `/api/samples/${encodeURIComponent(name)}`;

export const pictureAddress = (number) => `/api/pictures/${number}`;

export const objectAddress = (bucket, key, version) =>
  `/api/objects/${encodeURIComponent(bucket)}/${encodeURIComponent(key)}?v=${version}`;
