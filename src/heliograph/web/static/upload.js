// Upload with preview and progress. Each chosen photo is sent at once; the form then names what has arrived.
// Without this script the same form sends the files itself.
// It comes in the head, without defer: the page then never shows the plain form first.
"use strict";

document.documentElement.classList.add("scripted");

document.addEventListener("DOMContentLoaded", () => {
  const form = document.getElementById("upload");
  const shots = document.getElementById("shots");
  const pick = document.getElementById("pick");
  const drop = document.getElementById("drop");
  const publish = document.getElementById("publish");
  const problem = document.getElementById("upload-problem");
  const template = document.getElementById("shot");
  const token = form.elements.csrf_token.value;
  const maxBytes = Number(form.dataset.maxBytes);
  const maxPhotos = Number(form.dataset.maxPhotos);
  const AT_ONCE = 2;
  const POLL_MS = 400;
  const queue = [];
  let running = 0;
  let made = 0;
  let wanted = false;

  for (const plain of form.querySelectorAll(".plain")) plain.remove();
  for (const button of form.querySelectorAll("[data-act=remove]")) button.hidden = false;

  const part = (shot, role) => shot.querySelector(`[data-role=${role}]`);
  const live = (shot) => shot.isConnected;

  function complain(words) {
    problem.textContent = words;
    problem.hidden = !words;
  }

  function refuse(shot, words) {
    shot.dataset.stage = "refused";
    delete shot.dataset.media;
    shot.classList.add("shot-wrong");
    part(shot, "state").textContent = "";
    const told = part(shot, "problem");
    told.textContent = words;
    told.setAttribute("role", "alert");
    told.hidden = false;
    shot.querySelector("progress").hidden = true;
    settled();
  }

  function add(file) {
    const shot = template.content.firstElementChild.cloneNode(true);
    const field = shot.querySelector("textarea");
    field.id = `alt-of-${(made += 1)}`;
    shot.querySelector("label").htmlFor = field.id;
    part(shot, "name").textContent = file.name;
    shot.querySelector("[data-act=remove]").setAttribute("aria-label", `Remove ${file.name}`);
    const image = shot.querySelector("img");
    const address = URL.createObjectURL(file);
    image.addEventListener("error", () => { image.hidden = true; });
    image.addEventListener("load", () => URL.revokeObjectURL(address));
    image.src = address;
    shots.append(shot);
    if (file.size > maxBytes) {
      refuse(shot, `The photo is too large: at most ${Math.floor(maxBytes / 1048576)} MB are taken.`);
      return;
    }
    shot.dataset.stage = "waiting";
    part(shot, "state").textContent = "waiting";
    queue.push([shot, file]);
    work();
  }

  function addAll(files) {
    complain("");
    for (const file of files) {
      if (shots.children.length >= maxPhotos) {
        complain(`A post has at most ${maxPhotos} photos.`);
        return;
      }
      add(file);
    }
  }

  function work() {
    while (running < AT_ONCE && queue.length) {
      const [shot, file] = queue.shift();
      if (!live(shot)) continue;
      running += 1;
      send(shot, file).finally(() => { running -= 1; work(); });
    }
  }

  async function send(shot, file) {
    try {
      const sent = await post(shot, file);
      if (sent.state === "failed") { refuse(shot, sent.problem); return; }
      shot.dataset.media = sent.id;
      shot.dataset.stage = "decoding";
      part(shot, "state").textContent = "being prepared";
      shot.querySelector("progress").removeAttribute("value");
      await decoded(shot);
    } catch (error) {
      refuse(shot, error.message);
    }
  }

  function post(shot, file) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open("POST", "/upload/photos");
      request.setRequestHeader("X-CSRF-Token", token);
      request.responseType = "json";
      request.upload.addEventListener("progress", (event) => {
        if (!live(shot)) { request.abort(); return; }
        if (!event.lengthComputable) return;
        const percent = Math.floor((event.loaded / event.total) * 100);
        shot.querySelector("progress").value = percent;
        part(shot, "state").textContent = `${percent} %`;
      });
      request.addEventListener("load", () => {
        if (request.response && "state" in request.response) resolve(request.response);
        else reject(new Error(`The photo could not be sent (${request.status}). Please reload the page and try again.`));
      });
      request.addEventListener("error", () => reject(new Error("The photo could not be sent: the connection broke.")));
      request.addEventListener("abort", () => reject(new Error("Removed.")));
      const body = new FormData();
      body.append("photo", file);
      request.send(body);
    });
  }

  async function decoded(shot) {
    while (live(shot)) {
      await new Promise((resolve) => { window.setTimeout(resolve, POLL_MS); });
      const answer = await fetch(`/upload/photos/${shot.dataset.media}`, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error("The photo was lost on the way. Please choose it again.");
      const photo = await answer.json();
      if (photo.state === "failed") { refuse(shot, photo.problem); return; }
      if (photo.state === "ready") { ready(shot, photo); return; }
    }
  }

  function ready(shot, photo) {
    shot.dataset.stage = "ready";
    part(shot, "state").textContent = "ready";
    shot.querySelector("progress").hidden = true;
    const image = shot.querySelector("img");
    if (image.hidden || !image.naturalWidth) { image.src = photo.preview; image.hidden = false; }
    settled();
  }

  const busy = () => [...shots.children].some((shot) => ["waiting", "decoding"].includes(shot.dataset.stage));

  // A click on Publish while photos are still on their way is remembered.
  function settled() {
    if (wanted && !busy()) {
      wanted = false;
      publish.textContent = "Publish";
      form.requestSubmit();
    }
  }

  function name() {
    for (const field of form.querySelectorAll("input[data-made]")) field.remove();
    [...shots.children].forEach((shot, number) => {
      shot.querySelector("textarea").name = `alt${number}`;
      const given = shot.querySelector("input[name^=media]") || document.createElement("input");
      given.type = "hidden";
      given.name = `media${number}`;
      given.value = shot.dataset.media;
      given.dataset.made = "1";
      form.append(given);
    });
  }

  form.addEventListener("submit", (event) => {
    const refused = shots.querySelector("[data-stage=refused], .shot-wrong:not([data-media])");
    if (busy()) {
      event.preventDefault();
      wanted = true;
      publish.textContent = "Publishing as soon as the photos are there…";
    } else if (refused) {
      event.preventDefault();
      complain("A photo was refused. Please remove it, then publish.");
      refused.querySelector("[data-act=remove]").focus();
    } else if (!shots.children.length) {
      event.preventDefault();
      complain("Please choose at least one photo.");
      pick.focus();
    } else {
      complain("");
      name();
      publish.disabled = true;
      publish.textContent = "Publishing…";
    }
  });

  // Back from the next page: the button can be used again.
  window.addEventListener("pageshow", () => { publish.disabled = false; publish.textContent = "Publish"; });

  shots.addEventListener("click", (event) => {
    const button = event.target.closest("[data-act=remove]");
    if (!button) return;
    button.closest(".shot").remove();
    complain("");
    pick.focus();
    settled();
  });

  pick.addEventListener("change", () => { addAll([...pick.files]); pick.value = ""; });

  for (const kind of ["dragenter", "dragover"]) {
    form.addEventListener(kind, (event) => {
      if (![...event.dataTransfer.types].includes("Files")) return;
      event.preventDefault();
      drop.classList.add("drop-over");
    });
  }
  for (const kind of ["dragleave", "drop"]) form.addEventListener(kind, () => drop.classList.remove("drop-over"));
  form.addEventListener("drop", (event) => {
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    addAll([...event.dataTransfer.files]);
  });
});
