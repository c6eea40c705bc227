# bash completion for easfs. Verbs and options are what easfs itself says, so that none can be missing.
_easfs() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} verb=${COMP_WORDS[1]} names
    local config=${XDG_CONFIG_HOME:-$HOME/.config}/easfs/easfs.conf
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ]; then
        names="$(${COMP_WORDS[0]} --help 2>/dev/null | sed -n 's/^  \([a-z]*\) .*/\1/p') --help --version --keys"
    elif [ "$before" = --account ]; then
        names=$(sed -n 's/^\[\(account \)\{0,1\}\(.*\)\]$/\2/p' "$config" 2>/dev/null)
    elif [ "${word#-}" != "$word" ]; then
        names="$(${COMP_WORDS[0]} "$verb" --help 2>/dev/null |
            sed -n 's/^  \(-[a-zA-Z], \)\{0,1\}\(--[a-z-]*\).*/\2/p') --help"
    else
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        return
    fi
    mapfile -t COMPREPLY < <(compgen -W "$names" -- "$word")
}
complete -o filenames -F _easfs easfs
