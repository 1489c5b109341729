# bash completion for probate

_probate() {
	local cur prev commands options word command=
	COMPREPLY=()
	cur=${COMP_WORDS[COMP_CWORD]}
	prev=${COMP_WORDS[COMP_CWORD - 1]}
	commands="trace ports port pid tree zombies report doctor"
	options="--json --watch --quiet --replay --fd= --buffer --no-bpf --help --version"

	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		[[ $word == -- ]] && { _command_offset $((COMP_CWORD)) 2>/dev/null; return; }
		[[ " $commands " == *" $word "* ]] && command=$word
	done

	case $prev in
	-r | --replay | -o)
		COMPREPLY=($(compgen -f -- "$cur"))
		return
		;;
	--event)
		COMPREPLY=($(compgen -W "fork exec exit reap session signal install close cloexec pass
			socket bind listen connect accept state destroy zombie reparent transfer leak
			lost resync" -- "$cur"))
		return
		;;
	--pid | --tree | pid | tree)
		COMPREPLY=($(compgen -W "$(cd /proc && echo [0-9]*)" -- "$cur"))
		return
		;;
	esac

	case $command in
	"") COMPREPLY=($(compgen -W "$commands $options" -- "$cur")) ;;
	trace)
		COMPREPLY=($(compgen -W "--tree --pid --comm --uid --port --event --raw --list $options --" -- "$cur"))
		;;
	report)
		COMPREPLY=($(compgen -W "--html --perfetto port pid $options" -- "$cur"))
		;;
	ports) COMPREPLY=($(compgen -W "--leaked $options" -- "$cur")) ;;
	*) COMPREPLY=($(compgen -W "$options" -- "$cur")) ;;
	esac
	[[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace
}
complete -F _probate probate
