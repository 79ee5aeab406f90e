// The console's own script: copying ids. Everything works without it.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  event.preventDefault();
  await navigator.clipboard.writeText(button.dataset.copy);
  const icon = button.querySelector("span");
  icon.textContent = "check";
  setTimeout(() => { icon.textContent = "content_copy"; }, 1200);
});
