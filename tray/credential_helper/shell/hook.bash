# SSO Tray's hook for bash: AWS_PROFILE follows the active profile at every prompt.
# Written by `sso-tray shell-init bash`; it starts no process.
__sso_tray_file=@FILE@

__sso_tray_read() {
  __sso_tray_name='' __sso_tray_guarded='' __sso_tray_ends=''
  [[ -f $__sso_tray_file ]] || return 0
  # The reader's complaints are dropped first: the file may go at this very moment.
  {
    IFS= read -r __sso_tray_name
    IFS= read -r __sso_tray_guarded
    IFS= read -r __sso_tray_ends
  } 2>/dev/null <"$__sso_tray_file" || :
  # Arithmetic would run what stands here, so only a number gets there.
  [[ $__sso_tray_ends != *[!0-9]* ]] || __sso_tray_ends=''
}

__sso_tray_follow() {
  local status=$?
  __sso_tray_read
  __sso_tray_export
  __sso_tray_draw
  return "$status"
}

__sso_tray_export() {
  # What somebody else has exported, even if it is empty, pins this terminal. SSO_TRAY_SHELL is
  # what the hook exported, so that a shell started from here knows it, too.
  if [[ -n ${AWS_PROFILE+x} && (-z ${SSO_TRAY_SHELL-} || $AWS_PROFILE != "$SSO_TRAY_SHELL") ]]; then
    if [[ -n ${SSO_TRAY_SHELL+x} ]]; then
      unset SSO_TRAY_SHELL
      __sso_tray_say_pinned
    fi
    return 0
  fi
  local name=$__sso_tray_name news="$__sso_tray_guarded $__sso_tray_name"
  if [[ -n $__sso_tray_guarded ]]; then name=''; fi
  # The first prompt of a shell is no change, so it says nothing.
  if [[ -n ${__sso_tray_told+x}$__sso_tray_guarded ]] &&
    [[ $news != "${__sso_tray_told-}" || $name != "${AWS_PROFILE-}" ]]; then
    if [[ -n $name ]]; then
      printf 'sso-tray: AWS_PROFILE is now %q\n' "$name" >&2
    elif [[ -n $__sso_tray_guarded ]]; then
      printf 'sso-tray: %q is guarded; to use it in this terminal: sso-tray-pin\n' \
        "$__sso_tray_name" >&2
    elif [[ -n ${AWS_PROFILE-} ]]; then
      printf 'sso-tray: no profile is active; AWS_PROFILE is unset\n' >&2
    fi
  fi
  if [[ -n $name ]]; then export AWS_PROFILE=$name; else unset AWS_PROFILE; fi
  export SSO_TRAY_SHELL=$name
  __sso_tray_told=$news
}

__sso_tray_say_pinned() {
  printf 'sso-tray: this terminal keeps AWS_PROFILE=%q; sso-tray-unpin lets it follow again\n' \
    "$AWS_PROFILE" >&2
}

# Sets SSO_TRAY_PROMPT: the profile, and the time left where its end is known.
__sso_tray_draw() {
  SSO_TRAY_PROMPT=''
  [[ -n ${AWS_PROFILE-} ]] || return 0
  local left='' now=${EPOCHSECONDS-}
  if [[ -n $__sso_tray_ends && $AWS_PROFILE == "$__sso_tray_name" ]]; then
    # The clock of bash 5, else of 4.2; older ones have none.
    [[ -n $now ]] || printf -v now '%(%s)T' -1 2>/dev/null || now=''
    if [[ -n $now ]]; then
      local seconds=$((__sso_tray_ends - now))
      local minutes=$((seconds / 60))
      if ((seconds <= 0)); then left=' ended'
      elif ((minutes < 60)); then left=" ${minutes}m"
      else left=" $((minutes / 60))h$((minutes % 60))m"; fi
    fi
  fi
  SSO_TRAY_PROMPT="(${AWS_PROFILE//[[:cntrl:]]/?}$left) "
}

# For a prompt of your own: PS1='${SSO_TRAY_PROMPT}'"$PS1" starts no process. This prints the same.
sso_tray_prompt() {
  __sso_tray_read
  __sso_tray_draw
  printf '%s' "$SSO_TRAY_PROMPT"
}

# sso-tray-pin [PROFILE]: this terminal keeps a profile, by default the active one.
sso-tray-pin() {
  __sso_tray_read
  local name=${1:-$__sso_tray_name}
  if [[ -z $name ]]; then
    printf 'sso-tray: no profile is active; name one: sso-tray-pin PROFILE\n' >&2
    return 1
  fi
  export AWS_PROFILE=$name
  unset SSO_TRAY_SHELL
  __sso_tray_say_pinned
}

# sso-tray-unpin: this terminal follows again.
sso-tray-unpin() {
  unset AWS_PROFILE SSO_TRAY_SHELL
  __sso_tray_told=''
  __sso_tray_follow
}

# In front of what is there, be it a text or a list (of which this changes the first element).
if [[ ${PROMPT_COMMAND[*]-} != *__sso_tray_follow* ]]; then
  PROMPT_COMMAND="__sso_tray_follow${PROMPT_COMMAND:+;$PROMPT_COMMAND}"
fi
