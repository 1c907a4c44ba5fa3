"""The matrix: every client, every operation, every key; and the thumbnail of each."""

import hashlib
import os
import time
import urllib.request

KEYS = [
    "plain.jpg",
    "a b.jpg",
    "a+b.jpg",
    "100%.jpg",
    "%2F.jpg",
    "图片/猫.jpg",
    "🐈.jpg",
    "a//b.jpg",
    "a/./b.jpg",
    "q?x=1&y#z.jpg",
    "'()!*~,;:@$.jpg",
]
OPERATIONS = ["put", "get", "list", "copy", "multipart", "presign", "delete"]

# Seconds until a thumbnail is there, or gone.
PATIENCE = 60


class Row:
    """Results of one client: the number of tries and the failures of each operation."""

    def __init__(self, client):
        self.client = client
        self.tries = dict.fromkeys(OPERATIONS + ["thumbnail", "removal"], 0)
        self.failures = []

    def attempt(self, operation, key, work):
        """Counts an attempt; returns its result, or None if it failed."""
        self.tries[operation] += 1
        try:
            return work() or True
        except NotImplementedError:
            self.tries[operation] -= 1
        except Exception as error:  # noqa: BLE001: whatever it is, it is the result
            self.failures.append((operation, key, str(error)))
        return None

    def cell(self, operation):
        tries = self.tries[operation]
        failed = sum(1 for failure in self.failures if failure[0] == operation)
        if tries == 0:
            return "–"
        return "yes" if failed == 0 else f"{tries - failed} of {tries}"


class Matrix:
    """A running COS, and the pictures that clients upload to it."""

    def __init__(self, root, source, target, small, large, folder, proxy):
        self.records = os.path.join(root, ".cos", target, "keys")
        self.source, self.small, self.large, self.folder = source, small, large, folder
        with open(small, "rb") as file:
            self.pixels = file.read()
        handler = urllib.request.ProxyHandler({"http": proxy})
        self.web = urllib.request.build_opener(handler)

    def has_thumbnail(self, key):
        name = hashlib.sha1(key.encode()).hexdigest() + ".json"
        return os.path.exists(os.path.join(self.records, name))

    def wait(self, row, operation, keys, expected):
        """Waits until the thumbnails of keys are there, or gone."""
        end = time.monotonic() + PATIENCE
        for key in keys:
            row.tries[operation] += 1
            while self.has_thumbnail(key) != expected:
                if time.monotonic() > end:
                    row.failures.append((operation, key, "no thumbnail" if expected else "the thumbnail is still there"))
                    break
                time.sleep(0.02)

    def run(self, client):
        row = Row(client)
        prefix = f"{client.name} +/"
        keys = [prefix + key for key in KEYS if key not in client.cannot]
        stored = [key for key in keys if row.attempt("put", key, lambda: client.put(key, self.small))]
        for key in stored:
            row.attempt("get", key, lambda: self.check_get(client, key))
        row.attempt("list", prefix, lambda: self.check_list(client, prefix, stored))
        for key in stored:
            if client.has("presign"):
                row.attempt("presign", key, lambda: self.check_presigned_get(client, key))
        more = []
        for key in stored[:1] + stored[5:6]:
            copied = f"{prefix}copy {key[len(prefix):]}"
            if row.attempt("copy", copied, lambda: client.copy(key, copied)):
                more.append(copied)
        if row.attempt("multipart", "large", lambda: client.multipart(f"{prefix}large.jpg", self.large)):
            more.append(f"{prefix}large.jpg")
        if client.has("presign"):
            put = f"{prefix}presigned 猫.jpg"
            if row.attempt("presign", put, lambda: self.presigned_put(client, put)):
                if row.tries["presign"] > len(stored):
                    more.append(put)
        self.wait(row, "thumbnail", stored + more, True)
        gone = [key for key in stored + more if row.attempt("delete", key, lambda: client.delete(key))]
        self.wait(row, "removal", gone, False)
        return row

    def check_get(self, client, key):
        path = os.path.join(self.folder, "download")
        if os.path.exists(path):
            os.remove(path)
        client.get(key, path)
        with open(path, "rb") as file:
            if file.read() != self.pixels:
                raise ValueError("other bytes came back")

    @staticmethod
    def check_list(client, prefix, stored):
        listed = client.list(prefix)
        if sorted(listed) != sorted(stored):
            missing, more = set(stored) - set(listed), set(listed) - set(stored)
            raise ValueError(f"missing {sorted(missing)}, unexpected {sorted(more)}")

    def check_presigned_get(self, client, key):
        with self.web.open(client.presign("GET", key), timeout=30) as answer:
            if answer.read() != self.pixels:
                raise ValueError("other bytes came back")

    def presigned_put(self, client, key):
        request = urllib.request.Request(client.presign("PUT", key), data=self.pixels, method="PUT")
        request.add_header("Content-Type", "image/jpeg")
        with self.web.open(request, timeout=30) as answer:
            answer.read()


def table(rows, unavailable):
    """Returns the matrix as Markdown."""
    columns = OPERATIONS + ["thumbnail", "removal"]
    lines = [f"| client | way in | {' | '.join(columns)} |", "|---" * (len(columns) + 2) + "|"]
    notes = []
    for row in rows:
        cells = " | ".join(row.cell(column) for column in columns)
        lines.append(f"| {row.client.name} {row.client.version} | {row.client.way} | {cells} |")
        notes += [f"- {row.client.name}, `{key}`: {reason}" for key, reason in row.client.cannot.items()]
    notes += [f"- {name}: {reason}" for name, reason in unavailable]
    return "\n".join(lines + ["", *notes] if notes else lines)
