# fish completion for easfs. Verbs and options are what easfs itself says, so that none can be missing.
function __easfs_verbs
    set -l easfs (commandline -opc)[1]
    $easfs --help 2>/dev/null | sed -n 's/^  \([a-z]*\)  *\(.*\)/\1\t\2/p'
end

function __easfs_options
    set -l words (commandline -opc)
    $words[1] $words[2] --help 2>/dev/null |
        sed -n 's/^  \(-[a-zA-Z], \)\{0,1\}\(--[a-z-]*\)[^ ]*\( [^ a-z][^ ]*\)\{0,1\}  *\(.*\)/\2\t\4/p'
    echo --help
end

function __easfs_accounts
    set -l config $XDG_CONFIG_HOME
    test -n "$config"; or set config $HOME/.config
    sed -n 's/^\[\(account \)\{0,1\}\(.*\)\]$/\2/p' $config/easfs/easfs.conf 2>/dev/null
end

complete -c easfs -n '__fish_is_first_token' -f -a '(__easfs_verbs)'
complete -c easfs -n '__fish_is_first_token' -f -a '--help --version --keys'
complete -c easfs -n 'not __fish_is_first_token; and string match -q -- "-*" (commandline -ct)' -f -a '(__easfs_options)'
complete -c easfs -n 'test (commandline -opc)[-1] = --account' -f -a '(__easfs_accounts)'
