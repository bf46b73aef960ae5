# SSO Tray's hook for zsh: AWS_PROFILE follows the active profile at every prompt.
# Written by `sso-tray shell-init zsh`; it starts no process.
typeset -g __sso_tray_file=@FILE@

__sso_tray_read() {
  emulate -L zsh
  typeset -g __sso_tray_name='' __sso_tray_guarded='' __sso_tray_ends=''
  [[ -f $__sso_tray_file ]] || return 0
  # The reader's complaints are dropped first: the file may go at this very moment.
  {
    IFS= read -r __sso_tray_name
    IFS= read -r __sso_tray_guarded
    IFS= read -r __sso_tray_ends
  } 2>/dev/null <$__sso_tray_file || :
  # Only a number gets into the arithmetic below.
  [[ $__sso_tray_ends != *[^0-9]* ]] || __sso_tray_ends=''
}

__sso_tray_follow() {
  emulate -L zsh
  __sso_tray_read
  __sso_tray_export
  __sso_tray_draw
}

__sso_tray_export() {
  emulate -L zsh
  # What somebody else has exported, even if it is empty, pins this terminal. SSO_TRAY_SHELL is
  # what the hook exported, so that a shell started from here knows it, too.
  if [[ -n ${AWS_PROFILE+x} && (-z $SSO_TRAY_SHELL || $AWS_PROFILE != "$SSO_TRAY_SHELL") ]]; then
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
    [[ $news != "$__sso_tray_told" || $name != "$AWS_PROFILE" ]]; then
    if [[ -n $name ]]; then
      print -ru2 -- "sso-tray: AWS_PROFILE is now ${(q-)name}"
    elif [[ -n $__sso_tray_guarded ]]; then
      print -ru2 -- "sso-tray: ${(q-)__sso_tray_name} is guarded; to use it in this terminal: sso-tray-pin"
    elif [[ -n $AWS_PROFILE ]]; then
      print -ru2 -- 'sso-tray: no profile is active; AWS_PROFILE is unset'
    fi
  fi
  if [[ -n $name ]]; then export AWS_PROFILE=$name; else unset AWS_PROFILE; fi
  export SSO_TRAY_SHELL=$name
  typeset -g __sso_tray_told=$news
}

__sso_tray_say_pinned() {
  emulate -L zsh
  print -ru2 -- "sso-tray: this terminal keeps AWS_PROFILE=${(q+)AWS_PROFILE}; sso-tray-unpin lets it follow again"
}

# Sets SSO_TRAY_PROMPT: the profile, and the time left where its end is known.
__sso_tray_draw() {
  emulate -L zsh
  typeset -g SSO_TRAY_PROMPT=''
  [[ -n $AWS_PROFILE ]] || return 0
  local left=''
  if [[ -n $__sso_tray_ends && $AWS_PROFILE == "$__sso_tray_name" ]] &&
    zmodload zsh/datetime 2>/dev/null; then
    local -i seconds=$((__sso_tray_ends - EPOCHSECONDS))
    local -i minutes=$((seconds / 60))
    if ((seconds <= 0)); then left=' ended'
    elif ((minutes < 60)); then left=" ${minutes}m"
    else left=" $((minutes / 60))h$((minutes % 60))m"; fi
  fi
  # A prompt would expand a percent sign.
  SSO_TRAY_PROMPT="(${${AWS_PROFILE//[[:cntrl:]]/?}//\%/%%}$left) "
}

# For a prompt of your own: setopt prompt_subst; PROMPT='${SSO_TRAY_PROMPT}'$PROMPT starts no
# process. This prints the same.
sso_tray_prompt() {
  emulate -L zsh
  __sso_tray_read
  __sso_tray_draw
  print -rn -- $SSO_TRAY_PROMPT
}

# sso-tray-pin [PROFILE]: this terminal keeps a profile, by default the active one.
sso-tray-pin() {
  emulate -L zsh
  __sso_tray_read
  local name=${1:-$__sso_tray_name}
  if [[ -z $name ]]; then
    print -ru2 -- 'sso-tray: no profile is active; name one: sso-tray-pin PROFILE'
    return 1
  fi
  export AWS_PROFILE=$name
  unset SSO_TRAY_SHELL
  __sso_tray_say_pinned
}

# sso-tray-unpin: this terminal follows again.
sso-tray-unpin() {
  emulate -L zsh
  unset AWS_PROFILE SSO_TRAY_SHELL
  typeset -g __sso_tray_told=''
  __sso_tray_follow
}

# Whatever options are set where this is taken in.
() {
  emulate -L zsh
  typeset -ga precmd_functions
  if ((! ${precmd_functions[(Ie)__sso_tray_follow]})); then
    precmd_functions=(__sso_tray_follow $precmd_functions)
  fi
}
