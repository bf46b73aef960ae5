# SSO Tray's hook for PowerShell: AWS_PROFILE follows the active profile at every prompt.
# Written by `sso-tray shell-init powershell`; it starts no process.
$global:__SsoTrayFile = @FILE@
# Under Set-StrictMode a variable that was never set cannot even be read.
if (-not (Test-Path variable:global:__SsoTrayTold)) { $global:__SsoTrayTold = $null }
if (-not (Test-Path variable:global:__SsoTrayPrompt)) { $global:__SsoTrayPrompt = $null }

function global:__SsoTrayRead {
    $lines = @()
    if ([System.IO.File]::Exists($global:__SsoTrayFile)) {
        try { $lines = @([System.IO.File]::ReadAllLines($global:__SsoTrayFile)) } catch { $lines = @() }
    }
    while ($lines.Count -lt 3) { $lines += '' }
    if ($lines[2] -cnotmatch '^[0-9]*$') { $lines[2] = '' }
    , $lines
}

function global:__SsoTrayFollow {
    # What somebody else has set pins this terminal. SSO_TRAY_SHELL is what the hook set; an
    # environment variable of Windows cannot be empty, so a blank stands for "nothing".
    if ($Env:AWS_PROFILE -and $Env:AWS_PROFILE -cne [string]$Env:SSO_TRAY_SHELL) {
        if ($Env:SSO_TRAY_SHELL) {
            Remove-Item Env:SSO_TRAY_SHELL -ErrorAction SilentlyContinue
            __SsoTraySayPinned
        }
        return
    }
    $lines = __SsoTrayRead
    $name = if ($lines[1]) { '' } else { $lines[0] }
    $news = "$($lines[1]) $($lines[0])"
    # The first prompt of a shell is no change, so it says nothing.
    if (($null -ne $global:__SsoTrayTold -or $lines[1]) -and
        ($news -cne [string]$global:__SsoTrayTold -or $name -cne [string]$Env:AWS_PROFILE)) {
        if ($name) { Write-Host "sso-tray: AWS_PROFILE is now $name" }
        elseif ($lines[1]) { Write-Host "sso-tray: $($lines[0]) is guarded; to use it in this terminal: sso-tray-pin" }
        elseif ($Env:AWS_PROFILE) { Write-Host 'sso-tray: no profile is active; AWS_PROFILE is unset' }
    }
    if ($name) { $Env:AWS_PROFILE = $name; $Env:SSO_TRAY_SHELL = $name }
    else {
        Remove-Item Env:AWS_PROFILE -ErrorAction SilentlyContinue
        $Env:SSO_TRAY_SHELL = ' '
    }
    $global:__SsoTrayTold = $news
}

function global:__SsoTraySayPinned {
    Write-Host "sso-tray: this terminal keeps AWS_PROFILE=$Env:AWS_PROFILE; sso-tray-unpin lets it follow again"
}

# sso-tray-pin [PROFILE]: this terminal keeps a profile, by default the active one.
function global:sso-tray-pin([string]$Name) {
    if (-not $Name) { $Name = (__SsoTrayRead)[0] }
    if (-not $Name) {
        Write-Host 'sso-tray: no profile is active; name one: sso-tray-pin PROFILE'
        return
    }
    $Env:AWS_PROFILE = $Name
    Remove-Item Env:SSO_TRAY_SHELL -ErrorAction SilentlyContinue
    __SsoTraySayPinned
}

# sso-tray-unpin: this terminal follows again.
function global:sso-tray-unpin {
    Remove-Item Env:AWS_PROFILE, Env:SSO_TRAY_SHELL -ErrorAction SilentlyContinue
    $global:__SsoTrayTold = ''
    __SsoTrayFollow
}

# For a prompt of your own: prints the profile, and the time left where its end is known.
function global:sso_tray_prompt {
    if (-not $Env:AWS_PROFILE) { return '' }
    $lines = __SsoTrayRead
    $left = ''
    if ($lines[2] -and $Env:AWS_PROFILE -ceq $lines[0]) {
        $seconds = [long]$lines[2] - [DateTimeOffset]::UtcNow.ToUnixTimeSeconds()
        $minutes = [math]::Floor($seconds / 60)
        if ($seconds -le 0) { $left = ' ended' }
        elseif ($minutes -lt 60) { $left = " ${minutes}m" }
        else { $left = " $([math]::Floor($minutes / 60))h$($minutes % 60)m" }
    }
    "($($Env:AWS_PROFILE -replace '\p{Cc}', '?')$left) "
}

if (-not $global:__SsoTrayPrompt) {
    $global:__SsoTrayPrompt = $function:prompt
    function global:prompt {
        $worked = $?
        __SsoTrayFollow
        # The wrapped prompt is to see how the person's last command ended, not ours.
        if (-not $worked) { Write-Error '' -ErrorAction Ignore }
        & $global:__SsoTrayPrompt
    }
}
