"""Words that the frame of every page shows, by language; pages themselves hold their own."""

from __future__ import annotations

from collections.abc import Mapping

_ENGLISH = {
    "tag": "en",
    "read": "Read the report",
    "contents": "Contents of the report",
    "on_this_page": "On this page",
    "table": "Table",
    "rows": "{rows} rows",
    "task": "Task",
    "unfold": "Pages below",
    "button": "Button",
    "heading_link": "Link to this heading",
    "picture_file": "Picture (SVG)",
    "data_file": "Data (CSV)",
    "files_of": "of",
    "simulated": "Simulated data",
    "version": "Version {version}",
    "vintage": "data read in {accessed}, fingerprint {fingerprint}",
    "licence": "Text and figures CC BY 4.0, code MIT",
    "cite": "How to cite",
    "feedback": "Tell us about a mistake",
    "supplied": "Files were supplied for this run: {files}. Numbers, figures, tables and verdicts "
    "follow them. Sentences on data that are simulated or not public were written without them.",
    "lost_title": "This page is not here",
    "lost": "The address may be old, or mistyped. The report begins on its first page, and its "
    "contents stand on the left of every page.",
    "subtitle": "What was claimed, what is known, how sure, and what is not known",
}
_CHINESE = {
    "tag": "zh-CN",
    "read": "阅读报告",
    "contents": "报告目录",
    "on_this_page": "本页内容",
    "table": "表格",
    "rows": "共 {rows} 行",
    "task": "任务",
    "unfold": "下级页面：",
    "button": "按钮",
    "heading_link": "本节链接",
    "picture_file": "图（SVG）",
    "data_file": "数据（CSV）",
    "files_of": "：",
    "simulated": "模拟数据",
    "version": "版本 {version}",
    "vintage": "数据读取于 {accessed}，校验码 {fingerprint}",
    "licence": "文字与图 CC BY 4.0，代码 MIT",
    "cite": "如何引用",
    "feedback": "指出错误",
    "supplied": "本次运行使用了所提供的文件：{files}。数字、图、表和结论均以其为准；"
    "关于模拟数据或未公开数据的文字写于此前。",
    "lost_title": "此页不存在",
    "lost": "地址可能已过时，或输入有误。报告从首页开始，目录在每页左侧。",
    "subtitle": "主张了什么、知道什么、有多大把握、还不知道什么",
}
WORDS: Mapping[str, Mapping[str, str]] = {"en": _ENGLISH, "zh": _CHINESE}

#: Labels of the theme, by tag of a language: those for which the theme has no words of its own.
THEME: Mapping[str, Mapping[str, str]] = {
    "zh-CN": {
        "Color mode": "颜色模式",
        "Link to this heading": "本节链接",
        "Link to this image": "本图链接",
        "Link to this term": "本术语链接",
        "Main": "主菜单",
        "System Settings": "跟随系统",
        "Toggle primary sidebar": "显示或隐藏报告目录",
        "Toggle secondary sidebar": "显示或隐藏本页内容",
    },
}


def words(language: str | None) -> Mapping[str, str]:
    """Return the words of a language, English where there are none."""
    return WORDS.get((language or "en").split("-")[0].split("_")[0], _ENGLISH)
