// Wakes the design system's components: focus on the error summary, one click only, exit by Shift three times.
import { initAll } from './govuk-frontend.js'

// Whoever left a page that has a way out, and goes back to it from elsewhere, may be somebody else: they see the
// first page. Going back within the site shows what was there, and so does a browser that does not tell where
// somebody comes from.
const LEFT = '?left'

function cameFromElsewhere (event) {
  const wentBack = event.persisted || performance.getEntriesByType('navigation')[0]?.type === 'back_forward'
  const told = window.navigation?.activation
  if (!wentBack || !told) return false
  return told.from === null || told.from.url.endsWith(LEFT)
}

if (document.querySelector('.govuk-exit-this-page')) {
  window.addEventListener('pageshow', event => {
    if (cameFromElsewhere(event)) location.replace(document.querySelector('.hub-header__name').pathname + LEFT)
  })
}

initAll()
