// Loaded before the program (node --import): says on stderr how many KiB it took at most.
process.on('exit', () => process.stderr.write(`peak memory ${process.resourceUsage().maxRSS}\n`))
