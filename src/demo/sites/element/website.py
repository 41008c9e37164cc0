"""A website whose visitors log in with <scan-login>, with sessions of its own. On Debian: apt-get install python3-jwt python3-cryptography && python3 website.py"""
import json, os, re, secrets, threading, time, urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit
import jwt

SITE = os.environ.get('SITE_ORIGIN', 'http://localhost:3001').rstrip('/')  # the website's origin as visitors see it, and as the service's ALLOWED_ORIGINS has it
SERVICE = os.environ.get('SERVICE_URL', 'http://localhost:3000').rstrip('/')  # the service's PUBLIC_URL
PORT = int(os.environ.get('PORT', '3001'))
SECURE = SITE.startswith('https:')
COOKIE = '__Host-website' if SECURE else 'website'  # with __Host-, no other subdomain can plant one
DAY, MAX_ENTRIES = 24 * 60 * 60, 100_000

# Each value has its end, and the entries stand in the order of their ends. They are in memory, so a restart logs everybody out: put both into your database.
sessions = {}  # id → (sub, end)
used_tokens = {}  # jti → (None, end). Several processes need one store that adds an id in one step, like SET NX of Redis
entries_lock, keys_lock = threading.Lock(), threading.Lock()
keys, keys_from = {}, -1e9


def without_ended(entries):
    while entries and next(iter(entries.values()))[1] <= time.time(): del entries[next(iter(entries))]
    return entries


def key_of(kid):
    """Fetches the keys for the first token, every 10 minutes, and for an unknown key, but then at most every 30 s."""
    global keys, keys_from
    with keys_lock:
        age = time.monotonic() - keys_from
        if age > 600 or (kid not in keys and age > 30):
            with urllib.request.urlopen(f'{SERVICE}/.well-known/jwks.json', timeout=5) as answer: found = json.load(answer)['keys']
            keys, keys_from = {key['kid']: jwt.PyJWK(key).key for key in found if key.get('crv') == 'P-256'}, time.monotonic()
        return keys.get(kid)


def claims_of(token):
    """Raises jwt.InvalidTokenError for a bad token, and anything else where the service can't be asked."""
    if len(token) > 4096: raise jwt.InvalidTokenError('too long')
    header = jwt.get_unverified_header(token)
    key = key_of(header.get('kid')) if header.get('typ') == 'at+jwt' and header.get('alg') == 'ES256' else None
    if key is None: raise jwt.InvalidTokenError('another kind of token, or an unknown key')
    return jwt.decode(token, key, algorithms=['ES256'], issuer=SERVICE, audience=SITE, leeway=5, options={'require': ['sub', 'jti', 'exp', 'iss', 'aud']})


ORIGIN = f'{urlsplit(SERVICE).scheme}://{urlsplit(SERVICE).netloc}'
HEADERS = {'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff', 'Content-Security-Policy': f"default-src 'none'; script-src 'self' {ORIGIN}; style-src 'self'; "
           f"connect-src 'self' {ORIGIN}; img-src {ORIGIN}; base-uri 'none'; form-action 'none'; frame-ancestors {ORIGIN}"}  # the demo frames it; better 'none'
FILES = {path: (kind, (Path(__file__).parent / 'public' / name).read_text('utf-8').replace('https://login.example.com', SERVICE))
         for path, name, kind in (('/', 'index.html', 'text/html'), ('/website.js', 'website.js', 'text/javascript'), ('/website.css', 'website.css', 'text/css'))}


class Website(BaseHTTPRequestHandler):
    timeout = 30  # for a visitor who sends nothing

    def do_GET(self):
        kind, text = FILES.get(self.path.split('?')[0], (None, None))
        if text is not None: return self.answer(200, text, {'Content-Type': f'{kind}; charset=utf-8'})
        with entries_lock: sub, _ = without_ended(sessions).get(self.session_id(), (None, None))
        if self.path != '/session' or sub is None: return self.answer(401 if self.path == '/session' else 404)
        self.answer(200, json.dumps({'sub': sub}), {'Content-Type': 'application/json'})

    def do_POST(self):
        if not self.is_own_page(): return self.answer(403)
        try: claims = claims_of((self.headers.get('Authorization') or '').removeprefix('Bearer '))
        except (jwt.InvalidTokenError, RecursionError): return self.answer(401)
        except Exception: return self.answer(503)
        with entries_lock:
            if claims['jti'] in without_ended(used_tokens): return self.answer(401)  # a token opens one session
            if max(len(used_tokens), len(without_ended(sessions))) >= MAX_ENTRIES: return self.answer(503)
            used_tokens[claims['jti']] = (None, claims['exp'] + 10)  # past the leeway
            sessions.pop(self.session_id(), None)
            id = secrets.token_urlsafe(32)  # always a new one: an id from before the login may be known to somebody else
            sessions[id] = (claims['sub'], time.time() + DAY)
        self.answer(204, headers={'Set-Cookie': self.cookie(id, DAY)})

    def do_DELETE(self):
        if not self.is_own_page(): return self.answer(403)
        with entries_lock: sessions.pop(self.session_id(), None)
        self.answer(204, headers={'Set-Cookie': self.cookie('', 0)})

    def is_own_page(self):  # another site's page could log its visitors in here as somebody else, or out
        return self.path == '/session' and self.headers.get_all('Origin') == [SITE]

    def session_id(self):
        found = re.search(rf'(?:^|; ){COOKIE}=([\w-]{{43}})(?:;|$)', self.headers.get('Cookie') or '')
        return found and found[1]

    def cookie(self, id, seconds):
        return f'{COOKIE}={id}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}' + ('; Secure' if SECURE else '')

    def answer(self, status, text='', headers={}):
        self.send_response(status)
        for name, value in {**HEADERS, **headers}.items(): self.send_header(name, value)
        self.end_headers()  # HTTP/1.0: the body ends with the connection
        self.wfile.write(text.encode())


ThreadingHTTPServer(('127.0.0.1', PORT), Website).serve_forever()
