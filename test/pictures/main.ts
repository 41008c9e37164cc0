/** `npm run pictures`: the pictures in the READMEs. `npm run pictures -- states [group …]`: contact sheets of every state of every screen, in a temporary folder. */
if (process.argv[2] === 'states') await import('./states.ts')
else await import('./readmes.ts')
