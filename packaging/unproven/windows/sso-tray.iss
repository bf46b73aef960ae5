; The installer for Windows, for Inno Setup 6; never compiled.
;
;   py -m pip install --constraint packaging\constraints.txt pyinstaller .
;   py -m PyInstaller --noconfirm --distpath build\frozen packaging\frozen\sso-tray.spec
;   iscc /DVersion=0.1.0 packaging\unproven\windows\sso-tray.iss

#ifndef Version
  #define Version "0.0.0"
#endif

[Setup]
AppId={{6A7D6B0E-33A5-4C1C-9C53-6D7A6E2E8F10}
AppName=SSO Tray
AppVersion={#Version}
AppPublisher=The SSO Tray authors
; For this user alone: keyring, sessions and start at login are theirs, and no administrator is asked.
PrivilegesRequired=lowest
DefaultDirName={localappdata}\Programs\SSO Tray
DisableProgramGroupPage=yes
LicenseFile=..\..\..\LICENSE
OutputDir=..\..\..\dist
OutputBaseFilename=sso-tray-{#Version}-setup
Compression=lzma2
SolidCompression=yes
ChangesEnvironment=yes
; Nothing is ended by force, since it may hold a refresh token: "sso-tray quit" below asks it to end,
; and waits until it has.
CloseApplications=no

[Files]
Source: "..\..\..\build\frozen\sso-tray\*"; DestDir: "{app}"; Flags: recursesubdirs ignoreversion

[Icons]
Name: "{autoprograms}\SSO Tray"; Filename: "{app}\sso-tray.exe"; Parameters: "run"

[Registry]
Root: HKCU; Subkey: "Environment"; ValueType: expandsz; ValueName: "Path"; ValueData: "{olddata};{app}"; Check: NotOnPath(ExpandConstant('{app}'))

[Run]
Filename: "{app}\sso-tray.exe"; Parameters: "run"; Description: "Start SSO Tray"; Flags: nowait postinstall

[UninstallRun]
Filename: "{app}\sso-tray.exe"; Parameters: "quit"; Flags: runhidden; RunOnceId: "quit"
Filename: "{app}\sso-tray.exe"; Parameters: "autostart off"; Flags: runhidden; RunOnceId: "autostart"

[Code]
function NotOnPath(Directory: string): Boolean;
var
  Path: string;
begin
  Result := not RegQueryStringValue(HKCU, 'Environment', 'Path', Path)
    or (Pos(';' + Uppercase(Directory) + ';', ';' + Uppercase(Path) + ';') = 0);
end;

function PrepareToInstall(var NeedsRestart: Boolean): String;
var
  Code: Integer;
begin
  if FileExists(ExpandConstant('{app}\sso-tray.exe')) then
    Exec(ExpandConstant('{app}\sso-tray.exe'), 'quit', '', SW_HIDE, ewWaitUntilTerminated, Code);
  Result := '';
end;
