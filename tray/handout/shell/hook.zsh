# SSO Tray's hook for zsh: AWS_PROFILE follows the active profile at every prompt.
# Written by `sso-tray shell-init zsh`; it starts no process.
typeset -g __sso_tray_file=@FILE@

__sso_tray_read() {
  typeset -g __sso_tray_name= __sso_tray_guarded= __sso_tray_ends=
  [[ -r $__sso_tray_file ]] || return 0
  {
    IFS= read -r __sso_tray_name
    IFS= read -r __sso_tray_guarded
    IFS= read -r __sso_tray_ends
  } <$__sso_tray_file
  return 0
}

__sso_tray_follow() {
  emulate -L zsh
  # What somebody else has exported pins this terminal. SSO_TRAY_SHELL is what the hook exported,
  # so that a shell started from here knows it, too.
  if [[ -n ${AWS_PROFILE-} && ${AWS_PROFILE-} != "${SSO_TRAY_SHELL-}" ]]; then
    unset SSO_TRAY_SHELL
    return 0
  fi
  __sso_tray_read
  local name=$__sso_tray_name
  [[ -n $__sso_tray_guarded ]] && name=
  if [[ $name != "${SSO_TRAY_SHELL-}" || -z ${SSO_TRAY_SHELL+x} || $name != "${AWS_PROFILE-}" ]]; then
    if [[ $name != "${AWS_PROFILE-}" || $__sso_tray_name != "${__sso_tray_told-}" ]]; then
      __sso_tray_say "$name"
    fi
    if [[ -n $name ]]; then export AWS_PROFILE=$name; else unset AWS_PROFILE; fi
    export SSO_TRAY_SHELL=$name
  elif [[ $__sso_tray_name != "${__sso_tray_told-}" && -n $__sso_tray_guarded ]]; then
    __sso_tray_say "$name"
  fi
  typeset -g __sso_tray_told=$__sso_tray_name
  return 0
}

__sso_tray_say() {
  if [[ -n $1 ]]; then
    print -ru2 -- "sso-tray: AWS_PROFILE is now ${(q-)1}"
  elif [[ -n $__sso_tray_guarded ]]; then
    print -ru2 -- "sso-tray: ${(q-)__sso_tray_name} is guarded; to use it in this terminal: sso-tray-pin"
  elif [[ -n ${AWS_PROFILE-} ]]; then
    print -ru2 -- 'sso-tray: no profile is active; AWS_PROFILE is unset'
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

# For a prompt of your own: setopt prompt_subst; PROMPT='$(sso_tray_prompt)'$PROMPT. Prints the
# profile, and the time left where its end is known.
sso_tray_prompt() {
  emulate -L zsh
  [[ -n ${AWS_PROFILE-} ]] || return 0
  __sso_tray_read
  local left=
  if [[ -n $__sso_tray_ends && $AWS_PROFILE == "$__sso_tray_name" ]] && zmodload zsh/datetime; then
    local -i minutes=$(((__sso_tray_ends - EPOCHSECONDS) / 60))
    if ((minutes < 0)); then left=' ended'
    elif ((minutes < 60)); then left=" ${minutes}m"
    else left=" $((minutes / 60))h$((minutes % 60))m"; fi
  fi
  # A name is only data: what a prompt would expand is taken out.
  print -rn -- "(${${AWS_PROFILE//[[:cntrl:]]/?}//\%/%%}$left) "
}

typeset -ga precmd_functions
if ((! ${precmd_functions[(I)__sso_tray_follow]})); then
  precmd_functions=(__sso_tray_follow $precmd_functions)
fi
