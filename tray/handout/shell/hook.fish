# SSO Tray's hook for fish: AWS_PROFILE follows the active profile at every prompt.
# Written by `sso-tray shell-init fish`; it starts no process at the prompt.
set -g __sso_tray_file @FILE@

function __sso_tray_read
    set -g __sso_tray_lines
    if test -r $__sso_tray_file
        while read -l line
            set -ga __sso_tray_lines "$line"
        end <$__sso_tray_file
    end
    while test (count $__sso_tray_lines) -lt 3
        set -ga __sso_tray_lines ''
    end
end

function __sso_tray_follow --on-event fish_prompt
    # What somebody else has exported pins this terminal. SSO_TRAY_SHELL is what the hook exported,
    # so that a shell started from here knows it, too.
    if test -n "$AWS_PROFILE"; and test "$AWS_PROFILE" != "$SSO_TRAY_SHELL"
        set -e SSO_TRAY_SHELL
        return
    end
    __sso_tray_read
    set -l name $__sso_tray_lines[1]
    test -n "$__sso_tray_lines[2]"; and set name ''
    if not set -q SSO_TRAY_SHELL; or test "$name" != "$SSO_TRAY_SHELL"; or test "$name" != "$AWS_PROFILE"
        if test "$name" != "$AWS_PROFILE"; or test "$__sso_tray_lines[1]" != "$__sso_tray_told"
            __sso_tray_say $name
        end
        if test -n "$name"
            set -gx AWS_PROFILE $name
        else
            set -e AWS_PROFILE
        end
        set -gx SSO_TRAY_SHELL "$name"
    else if test "$__sso_tray_lines[1]" != "$__sso_tray_told"; and test -n "$__sso_tray_lines[2]"
        __sso_tray_say $name
    end
    set -g __sso_tray_told $__sso_tray_lines[1]
end

function __sso_tray_say
    if test -n "$argv[1]"
        echo "sso-tray: AWS_PROFILE is now "(string escape -- $argv[1]) >&2
    else if test -n "$__sso_tray_lines[2]"
        echo "sso-tray: "(string escape -- $__sso_tray_lines[1])" is guarded; to use it in this terminal: sso-tray-pin" >&2
    else if test -n "$AWS_PROFILE"
        echo 'sso-tray: no profile is active; AWS_PROFILE is unset' >&2
    end
end

function sso-tray-pin --description 'Keep a profile in this terminal, by default the active one'
    __sso_tray_read
    if test (count $argv) -gt 0
        set -gx AWS_PROFILE $argv[1]
    else
        set -gx AWS_PROFILE $__sso_tray_lines[1]
    end
    set -e SSO_TRAY_SHELL
end

function sso-tray-unpin --description 'Follow the active profile again in this terminal'
    set -e AWS_PROFILE
    set -e SSO_TRAY_SHELL
    set -e __sso_tray_told
    __sso_tray_follow
end

# For a prompt of your own: call it in fish_prompt. Prints the profile, and the time left where its
# end is known; fish has no clock of its own, so this asks date(1).
function sso_tray_prompt
    test -n "$AWS_PROFILE"; or return 0
    __sso_tray_read
    set -l left ''
    if test -n "$__sso_tray_lines[3]"; and test "$AWS_PROFILE" = "$__sso_tray_lines[1]"
        set -l minutes (math "floor(($__sso_tray_lines[3] - "(date +%s)") / 60)")
        if test $minutes -lt 0
            set left ' ended'
        else if test $minutes -lt 60
            set left " "$minutes"m"
        else
            set left " "(math "floor($minutes / 60)")"h"(math "$minutes % 60")"m"
        end
    end
    echo -n "("(string replace -ra '[[:cntrl:]]' '?' -- $AWS_PROFILE)"$left) "
end
