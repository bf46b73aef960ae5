# SSO Tray's hook for bash: AWS_PROFILE follows the active profile at every prompt.
# Written by `sso-tray shell-init bash`; it starts no process.
__sso_tray_file=@FILE@

__sso_tray_read() {
  __sso_tray_name='' __sso_tray_guarded='' __sso_tray_ends=''
  [[ -r $__sso_tray_file ]] || return 0
  {
    IFS= read -r __sso_tray_name
    IFS= read -r __sso_tray_guarded
    IFS= read -r __sso_tray_ends
  } <"$__sso_tray_file"
  return 0
}

__sso_tray_follow() {
  local status=$?
  # What somebody else has exported pins this terminal. SSO_TRAY_SHELL is what the hook exported,
  # so that a shell started from here knows it, too.
  if [[ -n ${AWS_PROFILE-} && ${AWS_PROFILE-} != "${SSO_TRAY_SHELL-}" ]]; then
    unset SSO_TRAY_SHELL
    return "$status"
  fi
  __sso_tray_read
  local name=$__sso_tray_name
  [[ -n $__sso_tray_guarded ]] && name=''
  if [[ $name != "${SSO_TRAY_SHELL-}" || -z ${SSO_TRAY_SHELL+x} || $name != "${AWS_PROFILE-}" ]]; then
    if [[ $name != "${AWS_PROFILE-}" || $__sso_tray_name != "${__sso_tray_told-}" ]]; then
      __sso_tray_say "$name"
    fi
    if [[ -n $name ]]; then export AWS_PROFILE=$name; else unset AWS_PROFILE; fi
    export SSO_TRAY_SHELL=$name
  elif [[ $__sso_tray_name != "${__sso_tray_told-}" && -n $__sso_tray_guarded ]]; then
    __sso_tray_say "$name"
  fi
  __sso_tray_told=$__sso_tray_name
  return "$status"
}

__sso_tray_say() {
  if [[ -n $1 ]]; then
    printf 'sso-tray: AWS_PROFILE is now %q\n' "$1" >&2
  elif [[ -n $__sso_tray_guarded ]]; then
    printf 'sso-tray: %q is guarded; to use it in this terminal: sso-tray-pin\n' "$__sso_tray_name" >&2
  elif [[ -n ${AWS_PROFILE-} ]]; then
    printf 'sso-tray: no profile is active; AWS_PROFILE is unset\n' >&2
  fi
}

# sso-tray-pin [PROFILE]: this terminal keeps a profile, by default the active one.
sso-tray-pin() {
  __sso_tray_read
  export AWS_PROFILE=${1:-$__sso_tray_name}
  unset SSO_TRAY_SHELL
}

# sso-tray-unpin: this terminal follows again.
sso-tray-unpin() {
  unset AWS_PROFILE SSO_TRAY_SHELL __sso_tray_told
  __sso_tray_follow
}

# For a prompt of your own: PS1='$(sso_tray_prompt)'"$PS1". Prints the profile, and the time left
# where its end is known.
sso_tray_prompt() {
  [[ -n ${AWS_PROFILE-} ]] || return 0
  __sso_tray_read
  local left=''
  if [[ -n $__sso_tray_ends && $AWS_PROFILE == "$__sso_tray_name" ]]; then
    local now
    printf -v now '%(%s)T' -1
    local minutes=$(((__sso_tray_ends - now) / 60))
    if ((minutes < 0)); then left=' ended'
    elif ((minutes < 60)); then left=" ${minutes}m"
    else left=" $((minutes / 60))h$((minutes % 60))m"; fi
  fi
  printf '(%s%s) ' "${AWS_PROFILE//[[:cntrl:]]/?}" "$left"
}

if [[ ${PROMPT_COMMAND[*]-} != *__sso_tray_follow* ]]; then
  if [[ $(declare -p PROMPT_COMMAND 2>/dev/null) == 'declare -a'* ]]; then
    PROMPT_COMMAND=(__sso_tray_follow "${PROMPT_COMMAND[@]}")
  else
    PROMPT_COMMAND="__sso_tray_follow${PROMPT_COMMAND:+;$PROMPT_COMMAND}"
  fi
fi
