// What htmx leaves to us: focus after "Show more", and a word when a button did not work. Everything works without it.
"use strict";

document.addEventListener("htmx:beforeSwap", (event) => {
  const item = event.detail.target;
  if (item && item.classList.contains("more") && item.previousElementSibling) {
    item.previousElementSibling.dataset.last = "1";
  }
});

document.addEventListener("htmx:afterSettle", () => {
  const last = document.querySelector("[data-last]");
  if (!last) return;
  delete last.dataset.last;
  const next = last.nextElementSibling;
  const link = next && next.querySelector("a[href]:not([tabindex])");
  if (link) link.focus({ preventScroll: true });
});

function say(words) {
  const news = document.getElementById("news");
  news.textContent = words;
  window.setTimeout(() => { if (news.textContent === words) news.textContent = ""; }, 6000);
}

document.addEventListener("htmx:sendError", () => say("The site cannot be reached at the moment."));
document.addEventListener("htmx:responseError", (event) => {
  const status = event.detail.xhr.status;
  say(status === 403 ? "This page is out of date. Please reload it." :
    status === 404 ? "This is not there any more." :
    status === 429 ? "That was too fast. Please wait a moment." : "That did not work. Please try again.");
});
