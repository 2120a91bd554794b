// Makes pages live. Nothing depends on it: every page and every form works without.
const body = document.body;
const feed = body.dataset;
const TRIES = 5, FIRST_WAIT = 1000, LONGEST_WAIT = 60000, POLL_EVERY = 15000, SAMPLES_EVERY = 10000;

// ---- time: the reader's own clock as a title ----

const clock = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });
const showLocalTimes = (root) => {
  for (const time of root.querySelectorAll("time[datetime]:not([title])")) {
    const at = new Date(time.dateTime);
    if (!isNaN(at)) time.title = clock.format(at);
  }
};

// ---- the page: the same address again, its live parts swapped by id ----

const inUse = (part) =>
  part.contains(document.activeElement) && document.activeElement.matches("input, select, textarea, button, summary");

const swap = (part, fresh) => {
  const open = [...part.querySelectorAll("details[open]")].map((d) => [...part.querySelectorAll("details")].indexOf(d));
  for (const { name, value } of fresh.attributes) if (part.getAttribute(name) !== value) part.setAttribute(name, value);
  const focused = part.contains(document.activeElement) && document.activeElement.getAttribute("href");
  part.replaceChildren(...fresh.childNodes);
  const details = part.querySelectorAll("details");
  for (const index of open) if (details[index]) details[index].open = true;
  if (focused) part.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  showLocalTimes(part);
};

const patch = (page) => {
  document.title = page.title;
  const icon = document.querySelector('link[rel="icon"]'), freshIcon = page.querySelector('link[rel="icon"]');
  if (icon && freshIcon && icon.getAttribute("href") !== freshIcon.getAttribute("href")) icon.replaceWith(freshIcon);
  const sprite = document.querySelector("svg.sprite");
  for (const symbol of page.querySelectorAll("svg.sprite symbol"))
    if (sprite && !document.getElementById(symbol.id)) sprite.append(document.importNode(symbol, true));
  for (const part of document.querySelectorAll("[data-live-part][id]")) {
    if (!part.isConnected || part.parentElement.closest("[data-live-part]")) continue;
    const fresh = page.getElementById(part.id);
    if (fresh && part.innerHTML !== fresh.innerHTML && !inUse(part)) swap(part, document.importNode(fresh, true));
  }
};

let fetching = false, wanted = false, notBefore = 0, timer = 0;
const refresh = () => {
  wanted = true;
  if (fetching || timer) return;
  const spread = Math.random() * Number(feed.spread || 0);
  timer = setTimeout(fetchPage, Math.max(notBefore - Date.now(), 0) + spread);
};
const fetchPage = async () => {
  timer = 0;
  fetching = true;
  wanted = false;
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" }, cache: "no-cache" });
    if (answer.ok && !answer.redirected) patch(new DOMParser().parseFromString(await answer.text(), "text/html"));
    else if (answer.redirected || answer.status === 401) return location.reload();
    else if (answer.status === 429 || answer.status >= 500) wanted = true;
  } catch {
    wanted = true;
  } finally {
    fetching = false;
    notBefore = Date.now() + (wanted ? 5000 : 1000);
    if (wanted) refresh();
  }
};

// A service's own state is in the message: show it at once, the rest follows with the page. Nobody reads "Operational"
// without fresh data.
const WORDS = {
  operational: ["up", "Operational"], degraded: ["degraded", "Degraded performance"], partial: ["partial", "Partial outage"],
  major: ["down", "Major outage"], maintenance: ["maintenance", "Under maintenance"],
};
const stateOf = ({ status, observed }) =>
  status !== "operational" || observed === "fresh" ? WORDS[status]
    : ["unknown", observed === "stale" ? "Not seen lately" : "No data"];
const showService = (data) => {
  const mark = document.getElementById(data.id)?.querySelector(".st"), state = stateOf(data);
  if (!mark || !state || !body.classList.contains("public")) return;
  mark.className = `st st-${state[0]}`;
  mark.querySelector("use")?.setAttribute("href", `#i-${state[0]}`);
  mark.lastChild.textContent = state[1];
};

// A check's sample has no number and changes no state. The monitor's own page is read again at once, a list at most every
// ten seconds however many monitors it shows, and a page that nobody looks at when it is looked at again.
let later = 0, missed = false;
const showSample = (data) => {
  const own = location.pathname === `/monitors/${data.id}`;
  const row = own ? null : document.getElementById(data.id);
  if (!own && !row) return;
  if (document.hidden) return void (missed = true);
  if (own) return refresh();
  const when = row.querySelector(".c-when");
  if (when) when.textContent = "0\u202fs";
  later ||= setTimeout(() => {
    later = 0;
    refresh();
  }, SAMPLES_EVERY);
};
document.addEventListener("visibilitychange", () => {
  if (document.hidden || !missed) return;
  missed = false;
  refresh();
});

// ---- the stream: WebSocket, then server-sent events, then polling ----

let seq = Number(feed.seq || 0), epoch = feed.epoch || "";
const take = (message) => {
  if (message.type === "monitor_update" && typeof message.seq !== "number") return showSample(message.data);
  if (typeof message.seq === "number") {
    if (message.type !== "hello" && message.type !== "reset" && message.seq <= seq) return;
    if (message.type !== "hello") seq = message.seq;
  }
  if (message.type === "hello" && message.epoch) {
    const changed = epoch && message.epoch !== epoch;
    epoch = message.epoch;
    if (changed) seq = message.seq ?? 0;
    if (changed) refresh();
    return;
  }
  if (message.type === "reset" && message.epoch) epoch = message.epoch;
  if (message.type === "service_status_update" && message.data) showService(message.data);
  refresh();
};
const read = (text) => {
  try {
    take(JSON.parse(text));
  } catch {
    refresh();
  }
};
const resume = (path) => `${path}${path.includes("?") ? "&" : "?"}since=${seq}&epoch=${encodeURIComponent(epoch)}`;

// Each transport calls `up` when it carries and `lost` once when it does not; it returns how to close itself.
const viaSocket = (up, lost) => {
  const url = new URL(resume(feed.socket), location.href);
  url.protocol = url.protocol.replace("http", "ws");
  const socket = new WebSocket(url);
  socket.onopen = up;
  socket.onmessage = (event) => read(event.data);
  socket.onclose = (event) => lost(event.code >= 4001 && event.code <= 4003);
  return () => socket.close();
};
const viaEvents = (up, lost) => {
  const source = new EventSource(resume(feed.events));
  source.onopen = up;
  const hear = (event) => read(event.data);
  source.onmessage = hear;
  for (const type of ["hello", "reset", "service_status_update", "incident_update", "maintenance_update", "monitor_update", "region_update", "installation_update"])
    source.addEventListener(type, hear);
  source.onerror = () => {
    source.close();
    lost();
  };
  return () => source.close();
};
const viaPolling = (up, lost) => {
  let next = 0, stopped = false;
  const ask = async () => {
    try {
      const answer = await fetch(resume(feed.changes), { headers: { accept: "application/json" }, cache: "no-store" });
      if (!answer.ok) throw new Error(answer.status);
      up();
      const said = await answer.json();
      for (const message of said.results ?? []) take(message);
      if (said.reset) take({ type: "reset", seq: said.seq, epoch: said.epoch });
      if (!stopped) next = setTimeout(ask, POLL_EVERY * (0.75 + Math.random() / 2));
    } catch {
      if (!stopped) lost();
    }
  };
  ask();
  return () => {
    stopped = true;
    clearTimeout(next);
  };
};

const transports = [viaSocket, viaEvents, viaPolling];
let kind = 0, failures = 0, close = null, again = 0, wasDown = false;
const say = (words) => {
  const place = document.getElementById("live-state");
  if (place && place.textContent !== words) place.textContent = words;
};
const connect = () => {
  clearTimeout(again);
  let over = false;
  const up = () => {
    if (over) return;
    failures = 0;
    say("Live");
    if (wasDown) refresh();
    wasDown = false;
  };
  const lost = (refused) => {
    if (over) return;
    over = true;
    close = null;
    wasDown = true;
    say("Connecting again");
    failures += 1;
    if (refused || failures >= TRIES) {
      failures = 0;
      kind = (kind + 1) % transports.length;
    }
    const wait = Math.min(FIRST_WAIT * 2 ** failures, LONGEST_WAIT);
    again = setTimeout(connect, wait * (0.5 + Math.random() / 2));
  };
  try {
    const shut = transports[kind](up, lost);
    close = () => {
      over = true;
      shut();
    };
  } catch {
    lost();
  }
};

// ---- the palette: places, and monitors by name ----

const el = (tag, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
};
const places = () =>
  [...document.querySelectorAll("#nav a, .tabs a[href^='/settings']")].map((a) => ({
    label: a.firstChild?.nodeType === Node.TEXT_NODE ? a.textContent : a.childNodes[1]?.textContent ?? a.textContent,
    href: a.getAttribute("href"),
  })).concat([
    { label: "New monitor", href: "/monitors/new" }, { label: "New incident", href: "/incidents/new" },
    { label: "Channels", href: "/settings/channels" }, { label: "API keys", href: "/settings/api-keys" },
    { label: "Members", href: "/settings/members" }, { label: "Audit log", href: "/settings/audit-log" },
    { label: "Account", href: "/settings/account" },
  ]).filter((p, i, all) => all.findIndex((q) => q.href === p.href) === i);

let palette = null;
const openPalette = () => {
  if (!palette) buildPalette();
  if (!palette.open) palette.showModal();
  const input = palette.querySelector("input");
  input.value = "";
  input.dispatchEvent(new Event("input"));
  input.focus();
};
const buildPalette = () => {
  const input = el("input", { className: "input input-lg", type: "text", placeholder: "Page or monitor", autocomplete: "off" });
  const list = el("ul", { id: "palette-list", role: "listbox", ariaLabel: "Matches" });
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-label", "Go to");
  input.setAttribute("aria-expanded", "true");
  input.setAttribute("aria-controls", "palette-list");
  const count = el("p", { className: "vh", role: "status" });
  palette = el("dialog", { className: "palette", ariaLabel: "Go to" }, input, list, count);
  document.body.append(palette);
  let chosen = 0, asked = 0, items = [], pending = 0;
  const choose = (index) => {
    chosen = items.length ? (index + items.length) % items.length : 0;
    [...list.children].forEach((row, i) => row.setAttribute("aria-selected", String(i === chosen)));
    const row = list.children[chosen];
    row?.scrollIntoView({ block: "nearest" });
    if (row) input.setAttribute("aria-activedescendant", row.id);
    else input.removeAttribute("aria-activedescendant");
  };
  const show = (found) => {
    items = found;
    list.replaceChildren(...found.map((item, i) => {
      const row = el("li", { id: `palette-${i}`, role: "option" },
        el("span", { textContent: item.label, dir: "auto" }), el("span", { className: "quiet", textContent: item.note ?? "" }));
      row.onclick = () => location.assign(item.href);
      row.onmousemove = () => chosen !== i && choose(i);
      return row;
    }));
    count.textContent = found.length === 1 ? "1 match" : `${found.length} matches`;
    choose(0);
  };
  const search = (text) => {
    const words = text.trim().toLowerCase(), mine = ++asked;
    const near = places().filter((p) => p.label.toLowerCase().includes(words));
    show(near);
    clearTimeout(pending);
    if (!words) return;
    pending = setTimeout(async () => {
      try {
        const answer = await fetch(`/api/v1/monitors/?rows=8&q=${encodeURIComponent(text.trim())}`);
        if (!answer.ok || mine !== asked) return;
        const { results } = await answer.json();
        if (mine === asked)
          show(near.concat(results.map((m) => ({ label: m.name, note: m.status, href: `/monitors/${encodeURIComponent(m.id)}` }))));
      } catch {
        // Without an answer the places stay.
      }
    }, 120);
  };
  input.oninput = () => search(input.value);
  input.onkeydown = (event) => {
    if (event.key === "ArrowDown") choose(chosen + 1);
    else if (event.key === "ArrowUp") choose(chosen - 1);
    else if (event.key === "Enter" && items[chosen]) location.assign(items[chosen].href);
    else return;
    event.preventDefault();
  };
  palette.onclick = (event) => event.target === palette && palette.close();
};

let help = null;
const KEYS = [["Ctrl K", "Go to a page or a monitor"], ["/", "Search this list"], ["n", "New monitor"], ["?", "These keys"], ["Esc", "Close"]];
const openHelp = () => {
  if (!help) {
    const close = el("button", { className: "btn", type: "button", textContent: "Close" });
    close.onclick = () => help.close();
    help = el("dialog", { className: "palette help", ariaLabel: "Keys" }, el("h2", { textContent: "Keys" }),
      el("dl", { className: "kv" }, ...KEYS.flatMap(([key, what]) =>
        [el("dt", {}, el("kbd", { textContent: key })), el("dd", { textContent: what })])), close);
    document.body.append(help);
  }
  if (!help.open) help.showModal();
};

// ---- start ----

document.addEventListener("keydown", (event) => {
  if (!body.classList.contains("app")) return;
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    return openPalette();
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, textarea, select, dialog")) return;
  const search = document.getElementById("q");
  if (event.key === "?") openHelp();
  else if (event.key === "/" && search) search.focus();
  else if (event.key === "n" && document.querySelector('a[href="/monitors/new"]')) location.assign("/monitors/new");
  else return;
  event.preventDefault();
});

document.addEventListener("click", async (event) => {
  const jump = event.target.closest?.("[data-palette]"), copy = event.target.closest?.("[data-copy]");
  if (jump && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    openPalette();
  } else if (copy) {
    const source = document.getElementById(copy.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.textContent.trim());
      copy.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(source);
      copy.textContent = "Selected";
    }
    setTimeout(() => (copy.textContent = "Copy"), 2000);
  }
});

// What changes all the time without an event is read again now and then, while somebody looks.
const pace = Number(document.querySelector("[data-refresh-s]")?.dataset.refreshS || 0);
if (pace) setInterval(() => document.hidden || refresh(), pace * 1000);

showLocalTimes(document);
if (feed.socket) {
  connect();
  addEventListener("pagehide", () => {
    close?.();
    close = null;
    clearTimeout(again);
  });
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    refresh();
    connect();
  });
  addEventListener("online", () => {
    if (close) return;
    failures = 0;
    connect();
  });
}
