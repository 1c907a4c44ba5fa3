"""Runs operations with cos-js-sdk-v5 in Chromium, as sdk_python.py does with the libraries for Python.

The page has another origin than the COS, so that every request depends on CORS.
"""

import base64
import functools
import http.server
import json
import os
import sys
import threading

from playwright.sync_api import sync_playwright

PAGE = """<!doctype html><meta charset="utf-8"><title>clients</title><script src="cos-js-sdk-v5.min.js"></script><script>
let cos, place;
function connect(c) {
    cos = new COS({ SecretId: c.id, SecretKey: c.key, Protocol: 'http:', Domain: `{Bucket}.localhost:${c.port}` });
    place = { Bucket: c.bucket, Region: 'ap-guangzhou' };
}
const call = (method, parameters) => cos[method]({ ...place, ...parameters });
const blob = async (text) => (await fetch(`data:image/jpeg;base64,${text}`)).blob();
const operations = {
    put: async (Key, text) => { await call('putObject', { Key, Body: await blob(text), ContentType: 'image/jpeg' }); },
    get: async (Key) => {
        const body = (await call('getObject', { Key, DataType: 'arraybuffer' })).Body;
        return btoa(String.fromCharCode(...new Uint8Array(body)));
    },
    list: async (Prefix) => {
        const keys = [];
        for (let Marker = ''; ;) {
            const page = await call('getBucket', { Prefix, Marker, MaxKeys: 4 });
            keys.push(...page.Contents.map((entry) => entry.Key));
            if (page.IsTruncated !== 'true') return keys;
            Marker = page.NextMarker;
        }
    },
    copy: async (source, Key) => {
        const path = source.split('/').map(encodeURIComponent).join('/');
        const CopySource = `${place.Bucket}.cos.${place.Region}.myqcloud.com/${path}`;
        await call('putObjectCopy', { Key, CopySource });
    },
    multipart: async (Key, text) => {
        const Body = new File([await blob(text)], 'large.jpg', { type: 'image/jpeg' });
        await call('uploadFile', { Key, Body, SliceSize: 1 << 20, ChunkSize: 2 << 20 });
    },
    presign: (Method, Key) => new Promise((resolve, reject) => cos.getObjectUrl(
        { ...place, Key, Method, Sign: true, Expires: 600, Protocol: 'http:' },
        (error, data) => (error ? reject(error) : resolve(data.Url)))),
    delete: async (Key) => { await call('deleteObject', { Key }); },
};
async function run(operation, values) {
    try {
        return { ok: (await operations[operation](...values)) ?? null };
    } catch (error) {
        return { error: String((error && (error.message || error.code)) || JSON.stringify(error)) };
    }
}
</script>"""


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves the page and the SDK."""

    def do_GET(self):
        if self.path == "/":
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(PAGE.encode())
        else:
            super().do_GET()

    def log_message(self, *arguments):
        pass


def text_of(path):
    with open(path, "rb") as file:
        return base64.b64encode(file.read()).decode()


def perform(page, operation, arguments):
    """Runs an operation in the page; files are read and written here."""
    if operation in ("put", "multipart"):
        key, path = arguments
        return page.evaluate("([o, a]) => run(o, a)", [operation, [key, text_of(path)]])
    if operation == "get":
        key, path = arguments
        answer = page.evaluate("([o, a]) => run(o, a)", [operation, [key]])
        if "ok" in answer:
            with open(path, "wb") as file:
                file.write(base64.b64decode(answer["ok"]))
        return answer
    return page.evaluate("([o, a]) => run(o, a)", [operation, arguments])


def main():
    connection = json.loads(sys.stdin.readline())
    connection["port"] = connection["proxy"].rsplit(":", 1)[1]
    folder = os.path.join(connection["modules"], "cos-js-sdk-v5", "dist")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=connection["chromium"], args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        page.evaluate("(c) => connect(c)", connection)
        for line in sys.stdin:
            request = json.loads(line)
            try:
                answer = perform(page, request["operation"], request["arguments"])
            except Exception as error:  # noqa: BLE001: whatever it is, it is the result
                answer = {"error": f"{type(error).__name__}: {error}"}
            print(json.dumps(answer), flush=True)
        browser.close()
    server.shutdown()


main()
