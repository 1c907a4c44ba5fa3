// Calls of the events tab.

import { call, post } from "../api.js";

export const readKinds = () => call("/api/kinds");

export const removeObject = (bucket, key) => post("/api/removals", { bucket, key });

export const writeMessage = (kind, bucket, key) => post("/api/messages", { kind, bucket, key });

// Delivers an event. The answer tells the faults that are left.
export const deliver = (configuration, bucket, event, faults) =>
  post("/api/deliveries", { configuration, bucket, event, faults });

// Lists buckets; with `seen`, when something has changed since then.
export function readBuckets(names, seen, signal) {
  const query = names.map((name) => `bucket=${encodeURIComponent(name)}`);
  if (seen !== null) query.push(`seen=${seen}`);
  return call(`/api/buckets?${query.join("&")}`, { signal });
}
