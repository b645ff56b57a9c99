import { commands } from '../src/cli/commands/commands.ts';
import { daemonFlags } from '../src/config/daemon-flags.ts';

/** The bash completion, made from the same tables as `-help`. */
export function renderCompletion(): string {
  const flags = daemonFlags.filter(row => row.ignored !== true && row.name !== 'h');
  const firsts = [...new Set(commands.map(({ name }) => name.split(' ')[0]!)), 'help'];
  const groups = firsts.filter(first => commands.some(({ name }) => name.startsWith(`${first} `)));
  const verbs = groups.map(group => ({
    group,
    words: commands.flatMap(({ name }) => (name.startsWith(`${group} `) ? [name.slice(group.length + 1)] : [])),
  }));
  const values = [
    ...flags.flatMap(({ name, type, value }) =>
      type === 'bool' ? [] : [[`' -${name}' | ' --${name}'`, value] as const],
    ),
    ...commands.flatMap(({ name, options }) =>
      options.flatMap(option => {
        if (option.type === 'boolean') return [];
        const names = [
          `--${option.name}`,
          `-${option.name}`,
          ...(option.short === undefined ? [] : [`-${option.short}`]),
        ];
        return [[names.map(each => `'${name} ${each}'`).join(' | '), option.value] as const];
      }),
    ),
  ];
  const unread = commands.filter(row => row.takesFlags === true).map(({ name }) => `'${name}'`);
  const flagWords = flags.map(({ name }) => `-${name}`).join(' ');
  return `# bash completion for criproxy(8)

_criproxy() {
	local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} command='' words='' files=''
	# The shell takes --name=value for three words.
	if [[ $cur == = ]]; then
		cur=''
	elif [[ $prev == = ]]; then
		prev=\${COMP_WORDS[COMP_CWORD - 2]}
	fi
	case \${COMP_WORDS[1]} in
	-*) ;;
	${groups.join(' | ')}) command="\${COMP_WORDS[1]} \${COMP_WORDS[2]}" ;;
	*) command=\${COMP_WORDS[1]} ;;
	esac
	# These take the flags of the daemon.
	case $command in ${unread.join(' | ')}) command='' ;; esac
	if ((COMP_CWORD == 1)); then
		if [[ $cur == -* ]]; then words='${flagWords}'; else words='${firsts.join(' ')}'; fi
${verbs.map(({ group, words }) => `	elif ((COMP_CWORD == 2)) && [[ \${COMP_WORDS[1]} == ${group} ]]; then\n		words='${words.join(' ')}'`).join('\n')}
	else
		case "$command $prev" in
		# Behind an id: a socket.
		*' :') files=1 ;;
${values.map(([pattern, value]) => `		${pattern}) ${completion(value)} ;;`).join('\n')}
		*)
			case $command in
${commands
  .filter(row => row.takesFlags !== true)
  .map(({ name, options, operands }) => {
    const words = [...options.map(option => `--${option.name}`), '--help'].join(' ');
    const pattern = name.includes(' ') ? `'${name}'` : name;
    return `			${pattern}) if [[ $cur == -* ]]; then words='${words}'; else ${completion(operands)}; fi ;;`;
  })
  .join('\n')}
			*) words='${flagWords}' ;;
			esac
			;;
		esac
	fi
	if [[ -n $files ]]; then
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	else
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
	fi
}
complete -F _criproxy criproxy
`;
}

/** The bash code that completes a value or an operand, chosen by its placeholder in the help texts. */
function completion(value = ''): string {
  const words = value.replace(/^\[|\]$/g, '');
  if (/^[a-z\d-]+(?:\|[a-z\d-]+)+$/.test(words)) return `words='${words.replaceAll('|', ' ')}'`;
  if (words === 'LEVEL') return "words='0 1 2 3 4 5'";
  return /\b(?:FILE|SOCKET|FOLDER|PROGRAM)\b/.test(words) ? 'files=1' : ':';
}
