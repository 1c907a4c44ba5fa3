// Runs operations with cos-nodejs-sdk-v5, as sdk_python.py does with the libraries for Python.
'use strict';

const fs = require('fs');
const readline = require('readline');
const { promisify } = require('util');

let cos;
let place;

function call(method, parameters) {
    return promisify(cos[method].bind(cos))({ ...place, ...parameters });
}

const operations = {
    put: (Key, file) => call('putObject', { Key, Body: fs.readFileSync(file), ContentType: 'image/jpeg' }),
    get: (Key, file) => call('getObject', { Key, Output: fs.createWriteStream(file) }),
    list: async (Prefix) => {
        const keys = [];
        for (let Marker = ''; ;) {
            const page = await call('getBucket', { Prefix, Marker, MaxKeys: 4 });
            keys.push(...page.Contents.map((entry) => entry.Key));
            if (page.IsTruncated !== 'true') return keys;
            Marker = page.NextMarker;
        }
    },
    copy: (source, Key) => {
        const path = source.split('/').map(encodeURIComponent).join('/');
        return call('putObjectCopy', { Key, CopySource: `${place.Bucket}.cos.${place.Region}.myqcloud.com/${path}` });
    },
    multipart: (Key, FilePath) => call('uploadFile', { Key, FilePath, SliceSize: 1 << 20, ChunkSize: 2 << 20 }),
    presign: (Method, Key) => cos.getObjectUrl({ ...place, Key, Method, Sign: true, Expires: 600, Protocol: 'http:' }),
    delete: (Key) => call('deleteObject', { Key }),
};

let first = true;
const lines = readline.createInterface({ input: process.stdin });
(async () => {
    for await (const line of lines) {
        const request = JSON.parse(line);
        if (first) {
            first = false;
            const COS = require(`${request.modules}/cos-nodejs-sdk-v5`);
            cos = new COS({ SecretId: request.id, SecretKey: request.key, Protocol: 'http:', Proxy: request.proxy });
            place = { Bucket: request.bucket, Region: 'ap-guangzhou' };
            continue;
        }
        let answer;
        try {
            const result = await operations[request.operation](...request.arguments);
            answer = { ok: ['list', 'presign'].includes(request.operation) ? result : null };
        } catch (error) {
            answer = { error: String((error && (error.message || error.code)) || JSON.stringify(error)) };
        }
        process.stdout.write(`${JSON.stringify(answer)}\n`);
    }
})();
