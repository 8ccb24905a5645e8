// A room, live. What the server sends is shown as text, never as markup; what is typed is kept here
// until the server says that it is stored, and sent again where it may have been lost.
"use strict";

(() => {
  const root = document.getElementById("chat");
  const at = (id) => document.getElementById(`chat-${id}`);
  const scroll = at("scroll");
  const log = at("log");
  const outbox = at("outbox");
  const form = at("say");
  const field = at("text");
  const removing = at("remove");

  const MOST_LINES = 300; // of the page, so that a long day does not fill the memory
  const FIRST_WAIT = 500;
  const LONGEST_WAIT = 30000;
  const SLOW_DOWN_WAIT = 10000; // after we were told that it was too much
  const QUIET = 25000; // then we ask for a sign of life,
  const SILENCE = 40000; // and after this the connection is taken for dead
  const NEVER_AGAIN = new Set([4400, 4404]);
  const TOO_MUCH = new Set([1008, 4429]);

  const waiting = new Map(); // client_id -> {text, item, due}
  let lastSeen = Number(root.dataset.lastSeen) || 0;
  let socket = null;
  let welcome = false;
  let failures = 0;
  let heard = 0;
  let asked = 0;
  let retry = 0;

  // --- Showing -----------------------------------------------------------------------------

  const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

  function element(name, className, text) {
    const made = document.createElement(name);
    made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function setTime(time, iso) {
    const date = new Date(iso);
    time.dateTime = iso;
    time.textContent = clock.format(date);
    time.title = date.toLocaleString();
  }

  function lineOf(message) {
    const line = element("li", "chat-line");
    line.dataset.id = message.id;
    const who = element("p", "chat-who");
    const name = element("b", "chat-name", message.name);
    name.dir = "auto";
    who.append(name);
    if (message.kind !== "member") who.append(" ", element("span", "chat-kind", message.kind));
    const time = element("time", "chat-time");
    setTime(time, message.sent_at);
    who.append(" ", time);
    const text = element("p", "chat-text", message.text);
    text.dir = "auto";
    line.append(who, text);
    if (removing) line.append(removeForm(message));
    return line;
  }

  function removeForm(message) {
    const copy = removing.content.firstElementChild.cloneNode(true);
    copy.action = copy.getAttribute("action").replace("/0/remove/", `/${message.id}/remove/`);
    copy.querySelector(".vh").textContent = ` this message of ${message.name}`;
    return copy;
  }

  function find(id) {
    return log.querySelector(`[data-id="${Number(id)}"]`);
  }

  function isAtEnd() {
    return scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 60;
  }

  function show(message) {
    if (find(message.id)) return;
    const follow = isAtEnd();
    log.append(lineOf(message));
    while (log.children.length > MOST_LINES) log.firstElementChild.remove();
    at("empty").hidden = true;
    if (follow) scroll.scrollTop = scroll.scrollHeight;
  }

  function drop(id) {
    const line = find(id);
    if (line) line.remove();
    at("empty").hidden = log.children.length > 0;
  }

  function say(words) {
    if (at("status").textContent !== words) at("status").textContent = words;
  }

  function complain(words) {
    at("error").textContent = words;
    at("error").hidden = !words;
  }

  // --- What the server says ----------------------------------------------------------------

  const hearing = {
    welcome(event) {
      welcome = true;
      failures = 0;
      at("you").textContent = `You are ${event.you.name}.`;
      say("Connected.");
    },
    history(event) {
      if (event.replaces) log.replaceChildren();
      at("gap").hidden = !event.gap;
      event.removed.forEach(drop);
      event.messages.forEach(show);
      at("empty").hidden = log.children.length > 0;
      lastSeen = event.last_seen;
      flush();
    },
    message(event) {
      show(event);
      lastSeen = Math.max(lastSeen, event.change);
    },
    removed(event) {
      drop(event.id);
      lastSeen = Math.max(lastSeen, event.change);
    },
    stored(event) {
      settle(event.client_id);
      complain("");
    },
    status(event) {
      say(event.live ? "Connected." : event.sentence);
    },
    error(event) {
      const kept = waiting.get(event.client_id);
      if (kept && (event.code === "slow-down" || event.code === "unavailable")) {
        later(kept, (event.retry_after || 2) * 1000);
        complain(`${event.sentence} It is sent again by itself.`);
      } else {
        settle(event.client_id);
        complain(event.sentence);
      }
    },
    pong() {},
  };

  function hear(raw) {
    heard = Date.now();
    asked = 0;
    const event = JSON.parse(raw);
    if (Object.hasOwn(hearing, event.type)) hearing[event.type](event);
  }

  // --- What we say -------------------------------------------------------------------------

  function newName() {
    const bytes = crypto.getRandomValues(new Uint8Array(12));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  function send(id, kept) {
    if (!welcome || socket.readyState !== WebSocket.OPEN) return;
    kept.due = Infinity; // until the server answers, or the connection ends
    socket.send(JSON.stringify({ type: "say", text: kept.text, client_id: id }));
  }

  function flush() {
    const now = Date.now();
    for (const [id, kept] of waiting) if (kept.due <= now) send(id, kept);
  }

  function later(kept, milliseconds) {
    kept.due = Date.now() + milliseconds;
    setTimeout(flush, milliseconds + 50);
  }

  function settle(id) {
    const kept = waiting.get(id);
    if (!kept) return;
    kept.item.remove();
    waiting.delete(id);
  }

  function submit() {
    const text = field.value.trim();
    if (!text) return;
    if (new TextEncoder().encode(text).length > Number(root.dataset.mostBytes)) {
      complain("That is too long for one message; please send it in parts.");
      return;
    }
    if (waiting.size >= 20) {
      complain("Please wait until what you wrote before has been sent.");
      return;
    }
    const id = newName();
    const item = element("li", "", text);
    item.dir = "auto";
    outbox.append(item);
    const kept = { text, item, due: 0 };
    waiting.set(id, kept);
    field.value = "";
    complain("");
    scroll.scrollTop = scroll.scrollHeight;
    send(id, kept);
  }

  // --- The connection ----------------------------------------------------------------------

  function address() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    return `${scheme}//${location.host}/ws/chat/${root.dataset.room}/?last_seen=${lastSeen}`;
  }

  function connect() {
    clearTimeout(retry);
    retry = 0;
    welcome = false;
    heard = Date.now();
    asked = 0;
    const ours = new WebSocket(address());
    socket = ours;
    ours.onmessage = (event) => { if (ours === socket) hear(event.data); };
    ours.onclose = (event) => { if (ours === socket) lost(event.code); };
  }

  function lost(code) {
    socket = null;
    welcome = false;
    for (const kept of waiting.values()) kept.due = 0;
    if (NEVER_AGAIN.has(code)) {
      say("This room is closed.");
      form.querySelector("button").disabled = true;
      return;
    }
    const longest = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** failures);
    failures += 1;
    // All who were on one server must not come back in one moment: a random part of the pause.
    const pause = 100 + Math.random() * longest + (TOO_MUCH.has(code) ? SLOW_DOWN_WAIT : 0);
    say(navigator.onLine ? "Connecting again …" : "You are offline; we connect again by ourselves.");
    retry = setTimeout(connect, pause);
  }

  function watch() {
    if (!socket) return;
    const silent = Date.now() - heard;
    if (silent > SILENCE) {
      const dead = socket;
      lost(1006);
      dead.close();
    } else if (silent > QUIET && !asked && welcome) {
      asked = Date.now();
      socket.send('{"type":"ping"}');
    }
  }

  async function remove(event) {
    const sent = event.target.closest(".chat-remove");
    if (!sent) return;
    event.preventDefault();
    sent.querySelector("button").disabled = true;
    const options = { method: "POST", body: new URLSearchParams(new FormData(sent)), redirect: "manual" };
    let done = false;
    try {
      const response = await fetch(sent.getAttribute("action"), options);
      // The page that we would be sent to is the one that we are on.
      done = response.type === "opaqueredirect" || response.status === 404;
    } catch {
      done = false;
    }
    if (done) {
      drop(sent.closest(".chat-line").dataset.id);
    } else {
      sent.querySelector("button").disabled = false;
      complain("That message could not be removed; please try again.");
    }
  }

  form.addEventListener("submit", (event) => { event.preventDefault(); submit(); });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit();
  });
  log.addEventListener("submit", remove);
  addEventListener("online", () => { if (retry) connect(); });
  // A page that the browser keeps for the way back has lost its connection.
  addEventListener("pagehide", () => { if (socket) { const ours = socket; socket = null; ours.close(); } });
  addEventListener("pageshow", (event) => { if (event.persisted) connect(); });
  setInterval(watch, 5000);

  log.querySelectorAll("time").forEach((time) => setTime(time, time.dateTime));
  scroll.scrollTop = scroll.scrollHeight;
  at("noscript").hidden = true;
  form.hidden = false;
  connect();
})();
