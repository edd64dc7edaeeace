// The conversation moves by itself; without this file the page works by its forms.
"use strict";
const chat = document.getElementById("chat");
const say = document.getElementById("say");
const text = document.getElementById("text");
const address = "/phone/chat?as=" + encodeURIComponent(chat.dataset.number);
let last = chat.innerHTML;

async function look() {
  try {
    const answer = await fetch(address, { cache: "no-store" });
    const html = answer.ok ? await answer.text() : last;
    if (html !== last) {
      last = html;
      chat.innerHTML = html;
      chat.scrollTop = chat.scrollHeight;
    }
  } catch {
    // The stand-in is down; the next look may find it again.
  }
}

say.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!text.value.trim()) return;
  const body = new URLSearchParams(new FormData(say));
  text.value = "";
  text.focus();
  await fetch(say.action, { method: "POST", body, redirect: "manual" });
  look();
});

chat.scrollTop = chat.scrollHeight;
setInterval(look, 700);
