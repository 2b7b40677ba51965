// The hub's browser script. docs/browser-script.md says what it stores, sends and never touches.
(function (run) {
  try { run(); } catch (e) { /* the seller's page comes first */ }
})(function () {
  'use strict';

  const MINUTE = 6e4, DAY = 864e5, LIMIT = 20, URL_LIMIT = 3e3;
  const LONGEST = { email: 320, phone: 64, fbp: 256, fbclid: 1024, fbc: 1200 };
  const STATE = '_hub', SESSION = '_hub_s', CONSENT = '_hub_consent', OUTBOX = '_hub_q';
  const UTM = ['utm_source', 'utm_medium', 'utm_campaign', 'utm_content', 'utm_term'];
  const AD = /^(utm_(source|medium|campaign|content|term|id)|fbclid|gclid|gbraid|wbraid|ttclid|msclkid|twclid)$/;
  const OURS = /^h[0-9A-Za-z]{21}$/;
  const HOTMART = { slots: ['xcod', 'sck'], utm: [] }, KIWIFY = { slots: ['s1', 'sck'], utm: UTM };
  const OTHER = { slots: ['xcod', 's1', 'sck'], utm: UTM };
  // Member areas, panels and help of the same vendors: nobody starts a purchase there.
  const NO_CHECKOUT = /(^|\.)(admin|ajuda|app|blog|club|consumer|dashboard|developers|help|members|sso)[.-]/;

  // An optimiser that pastes this text into another script leaves only the query to find the tag.
  const tag = [document.currentScript, document.querySelector('script[src*="/t.js?key="]')]
    .find(node => node && /\/t\.js\?(.*&)?key=/.test(node.src));
  const theirs = window.hub, option = name => tag.getAttribute('data-' + name) || '';
  const key = tag && new URL(tag.src, location.href).searchParams.get('key');
  if (!key || (theirs && theirs.loaded)) return;
  const endpoint = tag.src.split('/t.js')[0] + '/track/', required = option('consent') === 'required';
  const checkoutHosts = option('checkout').toLowerCase().split(/[\s,]+/).filter(Boolean);

  const shelf = {}, sending = {}, undressed = {};
  let memory = {}, person = {}, held = [], started = false, ready = false, referrer = document.referrer;
  let domain, place, address, lastCheckout = '', lastCheckoutAt = 0;

  const safe = work => function () {
    try { return work.apply(this, arguments); } catch (e) { return undefined; }
  };
  const listen = (target, types, work) =>
    types.split(' ').forEach(type => target.addEventListener(type, safe(work), { capture: true, passive: true }));
  const random = array => crypto.getRandomValues(array);
  const uid = prefix =>
    (prefix + btoa(String.fromCharCode.apply(0, random(new Uint8Array(48)))).replace(/\W/g, '')).slice(0, 22);

  // Keeping: a cookie, else localStorage, else memory. Before consent allows it, memory only ("pending").
  const readCookie = safe(name =>
    decodeURIComponent(document.cookie.match('(?:^|; )' + name + '=([^;]*)')[1]));
  const writeCookie = safe((name, value, ms, on) => {
    document.cookie = name + '=' + encodeURIComponent(value) + '; path=/; SameSite=Lax; max-age=' +
      Math.round(ms / 1e3) + (on ? '; domain=' + on : '') + (location.protocol === 'https:' ? '; Secure' : '');
  });

  function accepts(on) {
    writeCookie('_hub_t', 1, MINUTE, on);
    const accepted = readCookie('_hub_t');
    writeCookie('_hub_t', '', 0, on);
    return accepted;
  }

  // The browser is the public suffix list at hand: it refuses a cookie for "com.br".
  const domains = [option('cookie-domain').replace(/^\./, '')].concat(
    location.hostname.split('.').map((_, i, labels) => labels.slice(i).join('.')).reverse().slice(1));
  function cookieDomain() {
    if (domain === undefined) domain = domains.find(on => on && accepts(on)) || '';
    return domain;
  }

  // On every domain: a cookie left on another one would go on hiding ours.
  const erase = name => [''].concat(domains).forEach(on => writeCookie(name, '', 0, on));

  function load(name) {
    try { return localStorage.getItem(name) || shelf[name]; } catch (e) { return shelf[name]; }
  }

  function store(name, value) {
    delete shelf[name];
    try {
      if (value) localStorage.setItem(name, value);
      else localStorage.removeItem(name);
    } catch (e) { shelf[name] = value; }
  }

  const parse = safe(JSON.parse);

  function get(name) {
    const mine = memory[name];
    if (mine && mine.pending) return mine.value;
    const kept = parse(load('_hub:' + name)) || mine;
    return readCookie(name) || (kept && kept.until > Date.now() ? kept.value : undefined);
  }

  function persist(name) {
    const entry = memory[name];
    entry.pending = false;
    const missed = () => {
      writeCookie(name, entry.value, entry.until - Date.now(), cookieDomain());
      return readCookie(name) !== entry.value;
    };
    if (!missed()) return;
    erase(name);
    if (missed()) store('_hub:' + name, JSON.stringify(entry));
  }

  function put(name, value, ms, pending) {
    memory[name] = { value: value, until: Date.now() + ms, pending: pending };
    if (!pending) persist(name);
    return value;
  }

  function remove(name) {
    store('_hub:' + name);
    erase(name);
  }

  const answer = () => ({ 1: true, 0: false })[get(CONSENT)];
  const open = () => ready && (answer() || (answer() === undefined && !required));
  const state = () => Object.assign({ ads: {} }, parse(get(STATE)));
  const keep = change => put(STATE, JSON.stringify(Object.assign(state(), change)), 90 * DAY, !open());
  // Never half an emoji: JSON readers and encodeURIComponent refuse it.
  const cut = (text, length) => text.slice(0, length).replace(/[\uD800-\uDBFF]$/, '');

  function adsOfUrl() {
    const ads = {};
    new URLSearchParams(location.search).forEach((value, name) => {
      if (AD.test(name) && value && !ads[name]) ads[name] = cut(value, 200);
    });
    return ads;
  }

  // An inner link that repeats some of the landing's parameters is no new arrival.
  function arriving() {
    const known = state(), ads = adsOfUrl();
    return !OURS.test(known.click) || Object.keys(ads).some(name => ads[name] !== known.ads[name]);
  }

  // Meta's cookies are used as they are; those we make are noted, to be all that we ever delete.
  function facebook(fbclid, at) {
    const make = (name, ms, tail) => {
      const index = (cookieDomain() || location.hostname).split('.').length - 1;
      keep({ [name]: put(name, ['fb', index, ms, tail].join('.'), 90 * DAY) });
    };
    const known = (get('_fbc') || '').replace(/^fb\.\d+\.\d+\./, '') + '.';
    if (!get('_fbp')) make('_fbp', Date.now(), 1e9 + random(new Uint32Array(1))[0]);
    if (fbclid && known.indexOf(fbclid + '.') !== 0) make('_fbc', at, fbclid);
    return { fbp: get('_fbp'), fbc: get('_fbc') };
  }

  // A cut id or e-mail would be a false one; an address loses what the cut broke, or stays too long for Meta.
  function fit(body) {
    Object.keys(body).filter(name => body[name] && body[name].length > (LONGEST[name] || URL_LIMIT)).forEach(name => {
      if (LONGEST[name]) delete body[name];
      else body[name] = cut('' + body[name], URL_LIMIT).replace(/[?&#][^?&#]*$/, '');
    });
    return body;
  }

  function event(fields) {
    const known = state(), body = Object.assign({
      key: key, event_id: uid('e'), click_id: known.click, url: location.href, referrer: referrer || undefined,
      session_id: put(SESSION, /^s\w{21}$/.test(get(SESSION)) ? get(SESSION) : uid('s'), 30 * MINUTE, !open()),
      fbclid: new URLSearchParams(location.search).get('fbclid') || undefined, fbp: get('_fbp'), fbc: get('_fbc'),
      consent_version: option('consent-version') || undefined,
    }, person);
    UTM.concat('utm_id').forEach(name => { body[name] = known.ads[name]; });
    Object.assign(body, fields);
    return fit(body);
  }

  // Sending: into the outbox first, out of it when the hub has answered: at worst a repeat with the same event_id.
  // A refusal on another host of this domain has not emptied this host's outbox.
  const waits = entry =>
    entry.body.event_id && Date.now() - entry.at < DAY && (entry.body.consent_ads === false || answer() !== false);
  const outbox = () => safe(() => parse(load(OUTBOX)).filter(waits))() || [];
  const saveOutbox = list => store(OUTBOX, list.length ? JSON.stringify(list.slice(-LIMIT)) : '');
  // How long ago, not when: a wrong clock runs evenly too.
  const text = entry => {
    const age = Math.min(Date.now() - entry.at, DAY);
    return JSON.stringify(age < 1e3 ? entry.body : Object.assign({}, entry.body, { age_ms: age }));
  };
  const beacon = entry => navigator.sendBeacon(endpoint + entry.name, text(entry));

  // Text needs no preflight. A fetch without keepalive dies with its page; a beacon does not, but hears no answer.
  const reach = entry => window.Request && 'keepalive' in Request.prototype
    ? fetch(endpoint + entry.name, {
      method: 'POST', body: text(entry), keepalive: true, credentials: 'omit',
    }).then(response => !/^(5|408|429)/.test(response.status))
    : beacon(entry);

  function post(entry) {
    const id = entry.body.event_id, settle = taken => {
      delete sending[id];
      if (taken) saveOutbox(outbox().filter(other => other.body.event_id !== id));
    };
    if (sending[id]) return;
    sending[id] = true;
    new Promise(done => done(reach(entry))).then(settle, () => settle(false));
  }

  function dispatch(entry) {
    saveOutbox(outbox().concat(entry));
    post(entry);
  }

  function release() {
    if (!open()) return;
    Object.keys(memory).forEach(name => { if (memory[name].pending) persist(name); });
    held.splice(0).forEach(safe(entry => {
      fit(Object.assign(entry.body, facebook(entry.body.fbclid, entry.at), { consent_ads: answer() }));
      dispatch(entry);
      // For the page's own pixel.
      dispatchEvent(new CustomEvent('hub', { detail: { name: entry.name, event_id: entry.body.event_id } }));
    }));
  }

  function send(name, fields) {
    if (answer() === false) return undefined;
    const entry = { name: name, at: Date.now(), body: event(fields) };
    if (held.length < LIMIT) held.push(entry);
    release();
    return entry.body.event_id;
  }

  // What earlier pages left behind waits for the same answer as what is new.
  function flush(way) {
    if (open() || (ready && answer() === false))
      outbox().filter(entry => !sending[entry.body.event_id]).forEach(way);
  }

  function visit() {
    flush(post);
    place = where();
    address = location.href;
    if (answer() === false) return;
    if (arriving()) {
      keep({ click: uid('h'), ads: adsOfUrl() });
      send('click');
    }
    send('pageview');
    dressAll();
  }

  // Taking the ad's parameters off the address is no new page.
  const where = () => location.pathname + '?' +
    location.search.slice(1).split('&').filter(pair => !AD.test(pair.split('=')[0])).join('&') +
    (/^#!?\//.test(location.hash) ? location.hash : '');

  // After a tick: a router that pushes and at once replaces makes one visit.
  const routed = () => setTimeout(safe(() => {
    if (location.href === address || (where() === place && !arriving())) return;
    referrer = address;
    visit();
  }), 0);

  function watchRoutes() {
    ['pushState', 'replaceState'].forEach(name => {
      const original = history[name];
      history[name] = function () {
        const result = original.apply(this, arguments);
        routed();
        return result;
      };
    });
    listen(window, 'popstate hashchange', routed);
  }

  function vendorOf(link) {
    const host = link.hostname, named = checkoutHosts.some(base => ('.' + host).endsWith('.' + base));
    if (!/^https?:$/.test(link.protocol) || (!named && NO_CHECKOUT.test(host))) return undefined;
    if (/(^|\.)hotmart\.com$/.test(host)) return HOTMART;
    return /(^|\.)kiwify\.(com|com\.br|app)$/.test(host) ? KIWIFY : named && OTHER;
  }

  // Adds, or fills what is empty or holds a click id of ours: a copied page brings its copier's.
  function carry(href, vendor, known) {
    const [, base, query, hash] = /^([^?#]*)\??([^#]*)([^]*)$/.exec(href);
    const pairs = query ? query.replace(/&$/, '').split('&') : [];
    const find = name => pairs.findIndex(pair => pair.split('=')[0] === name);
    const fill = (name, value) => {
      const i = find(name), taken = i < 0 ? '' : pairs[i].slice(name.length + 1);
      if (taken && !OURS.test(taken)) return taken.endsWith(value);
      return pairs.splice(i < 0 ? pairs.length : i, 1, name + '=' + value);
    };
    if (!vendor.slots.filter(name => fill(name, known.click)).length) {
      const i = find('sck'), seller = pairs[i].replace(/(\||%7C)h[0-9A-Za-z]{21}$/i, '');
      pairs[i] = seller + (seller.includes('|') ? '|' : '%7C') + known.click;
    }
    vendor.utm.forEach(name => { if (known.ads[name]) fill(name, encodeURIComponent(known.ads[name])); });
    return base + '?' + pairs.join('&') + hash;
  }

  function dress(link) {
    const vendor = vendorOf(link);
    if (!vendor) return false;
    // By address, not element: a carousel's copies of a link lose the id on withdrawal, too.
    const now = link.getAttribute('href'), from = undressed[now] || now, known = state();
    const to = open() && known.click ? carry(from, vendor, known) : from;
    if (to !== from) undressed[to] = from;
    if (to !== now) link.setAttribute('href', to);
    return true;
  }

  const dressAll = () => Array.from(document.links).forEach(safe(dress));

  function touched(e) {
    const link = e.composedPath().find(node => /^a(rea)?$/i.test(node.tagName) && node.hostname);
    if (!link || !dress(link) || !(e.type === 'click' || (e.type === 'auxclick' && e.button === 1))) return;
    if (link.href === lastCheckout && Date.now() - lastCheckoutAt < 1e3) return;
    lastCheckout = link.href;
    lastCheckoutAt = Date.now();
    send('initiate_checkout', { checkout_url: link.href });
  }

  function forget() {
    const mine = state();
    ['_fbp', '_fbc'].filter(name => mine[name] && mine[name] === get(name)).concat(STATE, SESSION).forEach(remove);
    store(OUTBOX);
    memory = {};
    person = {};
  }

  function refuse() {
    // Of ids that never left this page the hub knows nothing to withdraw.
    Object.keys(memory).forEach(name => { if (memory[name].pending) delete memory[name]; });
    held = [];
    const withdrawal = state().click && { name: 'consent', at: Date.now(), body: event({ consent_ads: false }) };
    forget();
    put(CONSENT, '0', 180 * DAY);
    if (withdrawal) dispatch(withdrawal);
  }

  function accept() {
    const before = answer();
    put(CONSENT, '1', 180 * DAY);
    if (!state().click) visit();
    release();
    flush(post);
    if (!before) send('consent');
  }

  const actions = {
    id: () => (open() && state().click) || null,
    consent: granted => {
      if (granted === true) accept();
      else if (answer() !== false) refuse();
      dressAll();
    },
    track: (name, fields) => /^(pageview|initiate_checkout)$/.test(name) ? send(name, fields) : undefined,
    identify: who => ['email', 'phone'].forEach(name => { if (who[name]) person[name] = String(who[name]); }),
  };
  const waiting = Array.from((theirs && theirs.q) || []);
  const call = safe(args => started ? actions[args[0]](args[1], args[2]) : void waiting.push(args));
  const hub = { loaded: true, q: { push: call } };
  Object.keys(actions).forEach(name => { hub[name] = (a, b) => call([name, a, b]); });
  // An element with id="hub" also answers to window.hub; any other object is another script's, and stays.
  if (!theirs || theirs.nodeType) window.hub = hub;
  else if (theirs.q) Object.assign(theirs, hub);

  function start() {
    visit();
    started = true;
    waiting.forEach(call);
    ready = true;
    flush(post);
    release();
    dressAll();
    watchRoutes();
    listen(window, 'mouseover focusin touchstart mousedown keydown click auxclick', touched);
    listen(window, 'DOMContentLoaded load', dressAll);
    listen(window, 'pagehide', () => flush(beacon));
  }

  if (document.prerendering) document.addEventListener('prerenderingchange', safe(start), { once: true });
  else safe(start)();
});
