// Applies the chosen theme, if there is one. Runs before anything is drawn.
const THEMES = ['light', 'dark']
function storedTheme() {
  try {
    return localStorage.getItem('theme')
  } catch {
    return null // storage is switched off
  }
}
function applyTheme(theme) {
  if (THEMES.includes(theme)) document.documentElement.dataset.theme = theme
  else delete document.documentElement.dataset.theme
}
applyTheme(storedTheme())
addEventListener('DOMContentLoaded', () => {
  const select = document.getElementById('theme')
  if (!select) return
  select.closest('label').hidden = false
  select.value = document.documentElement.dataset.theme ?? ''
  select.addEventListener('change', () => {
    try {
      localStorage.setItem('theme', select.value)
    } catch {
      // Not stored: it applies to this page only.
    }
    applyTheme(select.value)
    dispatchEvent(new Event('themechange'))
  })
})
