# SSO Tray's hook for fish: AWS_PROFILE follows the active profile at every prompt.
# Written by `sso-tray shell-init fish`; it starts no process.
set -g __sso_tray_file @FILE@

function __sso_tray_read
    set -g __sso_tray_lines
    if test -f $__sso_tray_file
        # The reader's complaints are dropped first: the file may go at this very moment.
        begin
            while read -l line
                set -ga __sso_tray_lines "$line"
            end
        end 2>/dev/null <$__sso_tray_file
    end
    while test (count $__sso_tray_lines) -lt 3
        set -ga __sso_tray_lines ''
    end
    string match -qr '^[0-9]*$' -- $__sso_tray_lines[3]; or set -g __sso_tray_lines[3] ''
end

function __sso_tray_follow --on-event fish_prompt
    __sso_tray_read
    # What somebody else has exported, even if it is empty, pins this terminal. SSO_TRAY_SHELL is
    # what the hook exported, so that a shell started from here knows it, too.
    if set -q AWS_PROFILE; and test -z "$SSO_TRAY_SHELL" -o "x$AWS_PROFILE" != "x$SSO_TRAY_SHELL"
        if set -q SSO_TRAY_SHELL
            set -e SSO_TRAY_SHELL
            __sso_tray_say_pinned
        end
        return
    end
    set -l name $__sso_tray_lines[1]
    set -l news "$__sso_tray_lines[2] $__sso_tray_lines[1]"
    test -n "$__sso_tray_lines[2]"; and set name ''
    # The first prompt of a shell is no change, so it says nothing.
    if set -q __sso_tray_told; or test -n "$__sso_tray_lines[2]"
        if test "x$news" != "x$__sso_tray_told" -o "x$name" != "x$AWS_PROFILE"
            if test -n "$name"
                echo "sso-tray: AWS_PROFILE is now "(string escape -- $name) >&2
            else if test -n "$__sso_tray_lines[2]"
                echo "sso-tray: "(string escape -- $__sso_tray_lines[1])" is guarded; to use it in this terminal: sso-tray-pin" >&2
            else if test -n "$AWS_PROFILE"
                echo 'sso-tray: no profile is active; AWS_PROFILE is unset' >&2
            end
        end
    end
    if test -n "$name"
        set -gx AWS_PROFILE $name
    else
        set -eg AWS_PROFILE
    end
    set -gx SSO_TRAY_SHELL "$name"
    set -g __sso_tray_told $news
end

function __sso_tray_say_pinned
    echo "sso-tray: this terminal keeps AWS_PROFILE="(string escape -- "$AWS_PROFILE")"; sso-tray-unpin lets it follow again" >&2
end

function sso-tray-pin --description 'Keep a profile in this terminal, by default the active one'
    __sso_tray_read
    set -l name $argv[1]
    test -n "$name"; or set name $__sso_tray_lines[1]
    if test -z "$name"
        echo 'sso-tray: no profile is active; name one: sso-tray-pin PROFILE' >&2
        return 1
    end
    set -gx AWS_PROFILE $name
    set -e SSO_TRAY_SHELL
    __sso_tray_say_pinned
end

function sso-tray-unpin --description 'Follow the active profile again in this terminal'
    # Only this terminal's: a universal variable is every terminal's, and would be gone for good.
    set -eg AWS_PROFILE
    set -eg SSO_TRAY_SHELL
    if set -q AWS_PROFILE
        echo "sso-tray: a universal AWS_PROFILE keeps every terminal; to remove it: set -eU AWS_PROFILE" >&2
        return 1
    end
    set -g __sso_tray_told ''
    __sso_tray_follow
end

# The time, seconds since the epoch: a file's time and its age are one way to it without a process
# (fish 3.5); an older fish asks date(1).
function __sso_tray_now
    if builtin --query path
        math (path mtime -- $__sso_tray_file) + (path mtime --relative -- $__sso_tray_file)
    else
        date +%s
    end
end

# For a prompt of your own: call it in fish_prompt. Prints the profile, and the time left where its
# end is known.
function sso_tray_prompt
    test -n "$AWS_PROFILE"; or return 0
    __sso_tray_read
    set -l left ''
    if test -n "$__sso_tray_lines[3]"; and test "x$AWS_PROFILE" = "x$__sso_tray_lines[1]"
        set -l seconds (math $__sso_tray_lines[3] - (__sso_tray_now))
        set -l minutes (math "floor($seconds / 60)")
        if test $seconds -le 0
            set left ' ended'
        else if test $minutes -lt 60
            set left " "$minutes"m"
        else
            set left " "(math "floor($minutes / 60)")"h"(math "$minutes % 60")"m"
        end
    end
    echo -n "("(string replace -ra '[[:cntrl:]]' '?' -- $AWS_PROFILE)"$left) "
end
