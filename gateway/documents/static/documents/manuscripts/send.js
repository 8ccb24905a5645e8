// Sends a manuscript by tus 1.0.0, in parts, and goes on after a cut or a reload. Without this file
// the form works as forms do.
"use strict";

(() => {
  const PART_BYTES = 4 * 1024 * 1024;
  const TRIES = 8;
  const PASSING = [0, 408, 409, 423, 429, 500, 502, 503, 504];
  const form = document.getElementById("send");
  const at = (id) => document.getElementById(id);
  let sending = null; // {file, url, offset, request, turn, paused}

  for (const hint of form.querySelectorAll("[data-plain]")) hint.hidden = true;
  for (const hint of form.querySelectorAll("[data-scripted]")) hint.hidden = false;

  // --- What is remembered of an upload that was begun: where it is, by what the file is. ---------
  const memory = {
    key: (file) => `manuscript:${file.name}:${file.size}:${file.lastModified}`,
    get(file) { try { return localStorage.getItem(this.key(file)); } catch { return null; } },
    set(file, url) { try { localStorage.setItem(this.key(file), url); } catch { /* then not */ } },
    drop(file) { try { localStorage.removeItem(this.key(file)); } catch { /* then not */ } },
  };

  // --- What is shown. ---------------------------------------------------------------------------
  function say(sentence, bad = false) {
    at("said").textContent = sentence;
    at("said").toggleAttribute("data-bad", bad);
  }

  const megabytes = (bytes) => (bytes / 1048576).toFixed(1);

  function show(sent) {
    const percent = Math.floor((100 * sent) / sending.file.size);
    at("sent").value = percent;
    at("sending-figures").textContent =
      `${percent} %: ${megabytes(sent)} of ${megabytes(sending.file.size)} MB`;
  }

  function showSending(visible) {
    at("sending").hidden = !visible;
    form.querySelector("button[type=submit]").hidden = visible;
    at("manuscript").disabled = visible;
  }

  // --- One request. -----------------------------------------------------------------------------
  function ask(method, url, headers, body, onProgress) {
    return new Promise((resolve) => {
      const request = new XMLHttpRequest();
      sending.request = request;
      request.open(method, url);
      request.setRequestHeader("Tus-Resumable", "1.0.0");
      for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
      if (onProgress) request.upload.onprogress = (event) => onProgress(event.loaded);
      request.onloadend = () => resolve(request);
      request.send(body);
    });
  }

  function base64(text) {
    return btoa(String.fromCodePoint(...new TextEncoder().encode(text)));
  }

  const failed = (request) => Object.assign(new Error(request.responseText.trim()), {
    status: request.status,
  });

  // --- The protocol. ----------------------------------------------------------------------------
  async function create() {
    const { file } = sending;
    const said = [`filename ${base64(file.name.slice(-500))}`];
    if (file.type) said.push(`filetype ${base64(file.type)}`);
    const request = await ask("POST", form.action, {
      "Upload-Length": String(file.size),
      "Upload-Metadata": said.join(","),
    });
    if (request.status !== 201) throw failed(request);
    sending.url = new URL(request.getResponseHeader("Location"), form.action).href;
    sending.offset = 0;
    memory.set(file, sending.url);
  }

  async function find() {
    const request = await ask("HEAD", sending.url, {});
    if (request.status === 404 || request.status === 410) {
      memory.drop(sending.file);
      sending.url = null;
    } else if (request.status === 200) {
      sending.offset = Number(request.getResponseHeader("Upload-Offset"));
    } else {
      throw failed(request);
    }
  }

  async function sendPart() {
    const { file, url, offset } = sending;
    const part = file.slice(offset, offset + PART_BYTES);
    const request = await ask("PATCH", url, {
      "Upload-Offset": String(offset),
      "Content-Type": "application/offset+octet-stream",
    }, part, (loaded) => show(Math.min(offset + loaded, file.size)));
    if (request.status !== 204) throw failed(request);
    sending.offset = Number(request.getResponseHeader("Upload-Offset"));
    show(sending.offset);
  }

  // Goes on until all is sent (true), it is stopped (false), or a failure that will not pass by
  // itself. Whoever stops it or begins anew takes the turn from it.
  async function run(job) {
    const turn = (job.turn += 1);
    const stopped = () => sending !== job || job.turn !== turn || job.paused;
    let tries = 0;
    let unsure = job.url !== null;
    while (!stopped()) {
      try {
        if (unsure) await find();
        unsure = false;
        if (job.url === null) await create();
        if (job.offset >= job.file.size) return true;
        await sendPart();
        tries = 0;
      } catch (error) {
        if (stopped()) return false;
        if (!PASSING.includes(error.status)) throw error;
        tries += 1;
        if (tries > TRIES) throw new Error("The line is down. Send the same file again to go on.");
        say("The line broke. Trying again …");
        unsure = job.url !== null;
        await new Promise((wake) => { setTimeout(wake, Math.min(500 * 2 ** tries, 10000)); });
        if (!stopped()) say("");
      }
    }
    return false;
  }

  async function renew() {
    const answer = await fetch(form.action, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const shelf = page.getElementById("shelf");
    if (shelf) at("shelf").replaceWith(shelf);
  }

  async function work() {
    const job = sending;
    const { file } = job;
    try {
      if (!(await run(job))) return;
      memory.drop(file);
      say(`“${file.name}” has arrived.`);
      form.reset();
      end();
      await renew();
    } catch (error) {
      // A refusal for good: the upload is gone there, so nothing is to be gone on with here.
      if ([404, 410, 415, 422].includes(error.status)) memory.drop(file);
      say(error.message || "That did not work. Please try again.", true);
      end();
      at("manuscript").focus();
    }
  }

  function end() {
    sending = null;
    showSending(false);
  }

  function judge(file) {
    if (!file) return "Please choose a file.";
    if (file.size === 0) return "The file is empty.";
    if (file.size > Number(form.dataset.most)) {
      return `The file has ${megabytes(file.size)} MB; we can take ${megabytes(Number(form.dataset.most))} MB.`;
    }
    return "";
  }

  // --- What people do. --------------------------------------------------------------------------
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const file = at("manuscript").files[0];
    at("send-error")?.remove();
    const problem = judge(file);
    say(problem, problem !== "");
    if (problem) return;
    sending = { file, url: memory.get(file), offset: 0, request: null, turn: 0, paused: false };
    at("sending-name").textContent = file.name;
    at("pause").textContent = "Pause";
    showSending(true);
    show(0);
    at("pause").focus();
    work();
  });

  at("pause").addEventListener("click", () => {
    sending.paused = !sending.paused;
    at("pause").textContent = sending.paused ? "Go on" : "Pause";
    say(sending.paused ? "Paused." : "");
    if (sending.paused) sending.request?.abort();
    else work();
  });

  at("cancel").addEventListener("click", async () => {
    const { file, url, request } = sending;
    sending.paused = true;
    request?.abort();
    if (url) await ask("DELETE", url, {});
    memory.drop(file);
    end();
    say("Cancelled. Nothing of it is kept.");
    at("manuscript").focus();
    await renew();
  });
})();
