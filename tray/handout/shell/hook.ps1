# SSO Tray's hook for PowerShell: AWS_PROFILE follows the active profile at every prompt.
# Written by `sso-tray shell-init powershell`; it starts no process.
$global:__SsoTrayFile = @FILE@

function global:__SsoTrayRead {
    $lines = @()
    if ([System.IO.File]::Exists($global:__SsoTrayFile)) {
        try { $lines = @([System.IO.File]::ReadAllLines($global:__SsoTrayFile)) } catch { $lines = @() }
    }
    while ($lines.Count -lt 3) { $lines += '' }
    , $lines
}

function global:__SsoTrayFollow {
    # What somebody else has set pins this terminal. SSO_TRAY_SHELL is what the hook set.
    if ($Env:AWS_PROFILE -and $Env:AWS_PROFILE -cne [string]$Env:SSO_TRAY_SHELL) {
        Remove-Item Env:SSO_TRAY_SHELL -ErrorAction SilentlyContinue
        return
    }
    $lines = __SsoTrayRead
    $name = if ($lines[1]) { '' } else { $lines[0] }
    if ($lines[0] -cne [string]$global:__SsoTrayTold -or $name -cne [string]$Env:AWS_PROFILE) {
        if ($name) { Write-Host "sso-tray: AWS_PROFILE is now $name" }
        elseif ($lines[1]) { Write-Host "sso-tray: $($lines[0]) is guarded; to use it in this terminal: sso-tray-pin" }
        elseif ($Env:AWS_PROFILE) { Write-Host 'sso-tray: no profile is active; AWS_PROFILE is unset' }
    }
    if ($name) { $Env:AWS_PROFILE = $name; $Env:SSO_TRAY_SHELL = $name }
    else {
        Remove-Item Env:AWS_PROFILE -ErrorAction SilentlyContinue
        # An environment variable of Windows cannot be empty: a blank stands for "none".
        $Env:SSO_TRAY_SHELL = ' '
    }
    $global:__SsoTrayTold = $lines[0]
}

# sso-tray-pin [PROFILE]: this terminal keeps a profile, by default the active one.
function global:sso-tray-pin([string]$Name) {
    $Env:AWS_PROFILE = if ($Name) { $Name } else { (__SsoTrayRead)[0] }
    Remove-Item Env:SSO_TRAY_SHELL -ErrorAction SilentlyContinue
}

# sso-tray-unpin: this terminal follows again.
function global:sso-tray-unpin {
    Remove-Item Env:AWS_PROFILE, Env:SSO_TRAY_SHELL -ErrorAction SilentlyContinue
    $global:__SsoTrayTold = $null
    __SsoTrayFollow
}

# For a prompt of your own: prints the profile, and the time left where its end is known.
function global:sso_tray_prompt {
    if (-not $Env:AWS_PROFILE) { return '' }
    $lines = __SsoTrayRead
    $left = ''
    if ($lines[2] -and $Env:AWS_PROFILE -ceq $lines[0]) {
        $minutes = [math]::Floor(([long]$lines[2] - [DateTimeOffset]::UtcNow.ToUnixTimeSeconds()) / 60)
        if ($minutes -lt 0) { $left = ' ended' }
        elseif ($minutes -lt 60) { $left = " ${minutes}m" }
        else { $left = " $([math]::Floor($minutes / 60))h$($minutes % 60)m" }
    }
    "($Env:AWS_PROFILE$left) "
}

if (-not $global:__SsoTrayPrompt) {
    $global:__SsoTrayPrompt = $function:prompt
    function global:prompt {
        __SsoTrayFollow
        & $global:__SsoTrayPrompt
    }
}
