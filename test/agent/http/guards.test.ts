import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseRaw, rawRequest, sendRaw, type RawAnswer } from './raw.ts';
import { startStation, type Station } from '../../support/http/station.ts';

let station: Station;
let port: number;
let host: string;
let origin: string;

beforeAll(async () => {
  station = await startStation();
  port = station.server.port;
  host = `Host: 127.0.0.1:${port}`;
  origin = `Origin: http://127.0.0.1:${port}`;
});
afterAll(() => station.close());

async function ask(...lines: readonly string[]): Promise<RawAnswer> {
  return parseRaw(await sendRaw(port, rawRequest(...lines, 'Connection: close')));
}

function expectRefusal(answer: RawAnswer, status: number, code: string): void {
  expect(JSON.parse(answer.body)).toMatchObject({ code });
  expect(answer.status).toBe(status);
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  expect(answer.body).not.toMatch(/evil|node_modules|FST_|Error|\/agent\//);
}

describe('a request for another host is refused', () => {
  const hosts = [
    'evil.example',
    'localhost:PORT',
    '127.0.0.1',
    '127.0.0.1:1',
    '127.0.0.1:PORT.evil.example',
    '[::1]:PORT',
    '127.1:PORT',
    '127.0.0.1:0PORT',
  ];
  test.each(hosts)('Host %s', async (value) => {
    expectRefusal(await ask('GET / HTTP/1.1', `Host: ${value.replace('PORT', String(port))}`), 421, 'wrong-host');
  });

  test('no Host at all', async () => {
    expectRefusal(await ask('GET / HTTP/1.1'), 421, 'wrong-host');
  });

  test('an HTTP/1.0 request without a Host', async () => {
    expectRefusal(await ask('GET / HTTP/1.0'), 421, 'wrong-host');
  });

  test('a second Host behind the right one', async () => {
    expectRefusal(await ask('GET / HTTP/1.1', host, 'Host: evil.example'), 421, 'wrong-host');
  });

  test('a path that cannot be decoded is no way around it', async () => {
    expectRefusal(await ask('GET /%zz HTTP/1.1', 'Host: evil.example'), 421, 'wrong-host');
  });
});

describe('a request from another origin is refused', () => {
  const origins = [
    'https://evil.example',
    'null',
    'http://localhost:PORT',
    'https://127.0.0.1:PORT',
    'http://127.0.0.1',
    'http://127.0.0.1:PORT/',
    '',
  ];
  test.each(origins)('Origin "%s"', async (value) => {
    const line = `Origin: ${value.replace('PORT', String(port))}`;
    expectRefusal(await ask('GET / HTTP/1.1', host, line), 403, 'wrong-origin');
    expectRefusal(await ask('POST /api/session HTTP/1.1', host, line, 'Content-Length: 0'), 403, 'wrong-origin');
  });

  test('two Origins, one of them right', async () => {
    expectRefusal(await ask('POST /api/session HTTP/1.1', host, origin, 'Origin: null', 'Content-Length: 0'), 403, 'wrong-origin');
  });

  test('a POST without Origin', async () => {
    expectRefusal(await ask('POST /api/session HTTP/1.1', host, 'Content-Length: 0'), 403, 'wrong-origin');
  });

  test('a POST with the right Origin is heard', async () => {
    const answer = await ask('POST /api/session HTTP/1.1', host, origin, 'Sec-Fetch-Site: same-origin', 'Content-Length: 0');
    expect(answer.status).toBe(200);
  });

  test.each(['cross-site', 'same-site', 'NONE', ''])('Sec-Fetch-Site "%s"', async (site) => {
    expectRefusal(await ask('GET / HTTP/1.1', host, `Sec-Fetch-Site: ${site}`), 403, 'wrong-origin');
  });

  test('a page may be opened by hand, and nothing else', async () => {
    expect((await ask('GET / HTTP/1.1', host, 'Sec-Fetch-Site: none')).status).toBe(200);
    expect((await ask('GET /index.html?x=1 HTTP/1.1', host, 'Sec-Fetch-Site: none')).status).toBe(200);
    expectRefusal(await ask('GET /assets/main-a1B2c3D4.js HTTP/1.1', host, 'Sec-Fetch-Site: none'), 403, 'wrong-origin');
    expectRefusal(await ask('GET /api/events HTTP/1.1', host, 'Sec-Fetch-Site: none'), 403, 'wrong-origin');
    expectRefusal(await ask('GET /api/x.html HTTP/1.1', host, 'Sec-Fetch-Site: none'), 403, 'wrong-origin');
  });
});

describe('a method that this agent does not have is refused', () => {
  test.each(['PUT', 'DELETE', 'PATCH', 'TRACE', 'PROPFIND', 'QUERY'])('%s', async (method) => {
    const answer = await ask(`${method} /api/actions HTTP/1.1`, host, origin);
    expectRefusal(answer, 405, 'method-not-allowed');
    expect(answer.headers.get('allow')).toBe('GET, POST');
  });

  test('an OPTIONS preflight gets no permission', async () => {
    expectRefusal(
      await ask('OPTIONS /api/actions HTTP/1.1', host, origin, 'Access-Control-Request-Method: POST'),
      405,
      'method-not-allowed',
    );
  });

  test('HEAD, which gets no body', async () => {
    const answer = await ask('HEAD / HTTP/1.1', host);
    expect(answer.status).toBe(405);
    expect(answer.body).toBe('');
  });

  test('a word that is no method', async () => {
    expectRefusal(await ask('BREW / HTTP/1.1', host), 405, 'method-not-allowed');
  });

  test('CONNECT', async () => {
    expectRefusal(await ask(`CONNECT 127.0.0.1:${port} HTTP/1.1`, host), 405, 'method-not-allowed');
    expectRefusal(await ask('CONNECT evil.example:443 HTTP/1.1', 'Host: evil.example:443'), 421, 'wrong-host');
  });
});

describe('an upgrade is refused', () => {
  const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='];

  async function askUpgrade(...lines: readonly string[]): Promise<RawAnswer> {
    return parseRaw(await sendRaw(port, rawRequest('GET /api/events HTTP/1.1', ...lines, ...upgrade)));
  }

  test('from a foreign origin', async () => {
    expectRefusal(await askUpgrade(host, 'Origin: https://evil.example'), 403, 'wrong-origin');
  });

  test('for another host', async () => {
    expectRefusal(await askUpgrade('Host: evil.example', origin), 421, 'wrong-host');
  });

  test('even from the page itself, because there is no WebSocket', async () => {
    expectRefusal(await askUpgrade(host, origin, 'Sec-Fetch-Site: same-origin'), 400, 'bad-request');
  });

  test('to HTTP/2', async () => {
    expectRefusal(
      parseRaw(await sendRaw(port, rawRequest('GET / HTTP/1.1', host, 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c'))),
      400,
      'bad-request',
    );
  });
});

describe('what is not plain HTTP is refused', () => {
  test('HTTP/1.0 with the right Host', async () => {
    expectRefusal(await ask('GET / HTTP/1.0', host), 400, 'bad-request');
  });

  test('an address in the place of a path', async () => {
    expectRefusal(await ask(`GET http://127.0.0.1:${port}/ HTTP/1.1`, host), 400, 'bad-request');
  });

  test('an expectation', async () => {
    expectRefusal(await ask('POST /api/actions HTTP/1.1', host, origin, 'Expect: 100-continue', 'Content-Length: 2'), 400, 'bad-request');
    expectRefusal(await ask('POST /api/actions HTTP/1.1', host, origin, 'Expect: a miracle', 'Content-Length: 2'), 400, 'bad-request');
  });

  test('bytes that are no request', async () => {
    expectRefusal(parseRaw(await sendRaw(port, '\0\0\0\0\r\n\r\n')), 405, 'method-not-allowed');
    expectRefusal(await ask('GET / HTTP/9.9', host), 400, 'bad-request');
  });

  test('both a length and chunks', async () => {
    expectRefusal(
      await ask('POST /api/actions HTTP/1.1', host, origin, 'Content-Length: 4', 'Transfer-Encoding: chunked'),
      400,
      'bad-request',
    );
  });

  test('headers without end', async () => {
    expectRefusal(await ask('GET / HTTP/1.1', host, `X-Long: ${'a'.repeat(9000)}`), 431, 'too-large');
  });

  test('a path that cannot be decoded', async () => {
    expectRefusal(await ask('GET /%zz HTTP/1.1', host), 400, 'bad-request');
  });
});

describe.concurrent('a request that does not arrive is given up', () => {
  async function trickle(text: string): Promise<RawAnswer> {
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1');
      let received = '';
      let sent = 0;
      const drip = setInterval(() => socket.write(text[sent++] ?? '0'), 100);
      socket.setEncoding('latin1').on('data', (part: string) => (received += part));
      socket.on('error', (error: NodeJS.ErrnoException) =>
        error.code === 'EPIPE' || error.code === 'ECONNRESET' ? undefined : reject(error),
      );
      socket.on('close', () => {
        clearInterval(drip);
        resolve(received);
      });
    });
    return parseRaw(answer);
  }

  test('headers that come byte by byte', async () => {
    expectRefusal(await trickle(rawRequest('GET / HTTP/1.1', host, `X-Long: ${'a'.repeat(1000)}`)), 408, 'bad-request');
  });

  test('a body that comes byte by byte', async () => {
    const socket = connect(port, '127.0.0.1');
    socket.write(rawRequest('POST /api/session HTTP/1.1', host, origin, 'Content-Type: application/json', 'Content-Length: 4000'));
    const drip = setInterval(() => socket.write(' '), 100);
    const answer = await new Promise<string>((resolve) => {
      let received = '';
      socket.setEncoding('latin1').on('data', (part: string) => (received += part));
      socket.on('error', () => undefined);
      socket.on('close', () => resolve(received));
    });
    clearInterval(drip);
    expectRefusal(parseRaw(answer), 408, 'bad-request');
  });

  test('a connection that says nothing is closed', async () => {
    const started = performance.now();
    await sendRaw(port, '');
    expect(performance.now() - started).toBeLessThan(15_000);
  });
});
