// Shows a job's progress while it happens. Without this file the page still tells, when it is
// loaded again.
(() => {
  "use strict";

  const page = document.getElementById("wrapping");
  const words = document.getElementById("said");
  const bar = document.getElementById("progress");
  const steps = [...document.querySelectorAll("#steps .step")];
  const doneStage = steps.length + 1;
  const mostPause = 30000;
  let stage = Number(page.dataset.stage);
  let pause = 1000;
  let source = null;
  let timer = 0;

  // To load this page again must show this job, not begin another.
  history.replaceState(null, "", page.dataset.at);

  const show = (told) => {
    if (told.stage < stage) return;
    stage = told.stage;
    page.dataset.stage = String(stage);
    if (words.textContent !== told.said) words.textContent = told.said;
    bar.value = Math.max(0, stage - 1);
    for (const step of steps) {
      const number = Number(step.dataset.number);
      const state = number < stage ? "done" : number === stage ? "now" : "ahead";
      step.className = `step is-${state}`;
      if (state === "now") step.setAttribute("aria-current", "step");
      else step.removeAttribute("aria-current");
    }
    if (!told.done) return;
    document.getElementById("sentence").textContent = page.dataset.doneSentence;
    document.title = `${page.dataset.doneSentence} · Foolscap`;
    stop();
  };

  const stop = () => {
    clearTimeout(timer);
    if (source) source.close();
    source = null;
  };

  const listen = () => {
    stop();
    if (stage >= doneStage || document.hidden) return;
    source = new EventSource(page.dataset.events);
    source.addEventListener("progress", (event) => {
      pause = 1000;
      show(JSON.parse(event.data));
    });
    source.onerror = () => {
      // The browser comes back by itself after a broken connection, but not after a refusal.
      if (!source || source.readyState !== EventSource.CLOSED) return;
      timer = setTimeout(listen, pause);
      pause = Math.min(pause * 2, mostPause);
    };
  };

  // A tab that nobody looks at needs no connection; it catches up when it is looked at again.
  document.addEventListener("visibilitychange", () => (document.hidden ? stop() : listen()));
  window.addEventListener("pagehide", stop);
  window.addEventListener("pageshow", (event) => event.persisted && listen());
  listen();
})();
